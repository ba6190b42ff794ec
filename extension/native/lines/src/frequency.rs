//! How often two bytes stand beside each other in logs, case folded: what is rare there is worth looking for first.
//!
//! Longer pieces are judged by their pairs. Counted in a handful of lines as resolvers, proxies, web servers and sensors
//! write them. It decides about speed alone; a log that is unlike these is searched slower, not worse.

use std::sync::LazyLock;

const SAMPLE: &[u8] = br#"Mar 12 08:14:02 gw dnsmasq[1042]: query[A] www.wikipedia.org from 192.168.1.23
Mar 12 08:14:02 gw dnsmasq[1042]: forwarded clients4.google.com to 9.9.9.9
Mar 12 08:14:03 gw dnsmasq[1042]: reply login.microsoftonline.com is 20.190.160.14
Mar 12 08:14:03 gw dnsmasq[1042]: cached e6858.dscx.akamaiedge.net is <CNAME>
Mar 12 08:14:04 gw unbound: [812:0] info: 10.1.4.77 outlook.office.com. AAAA IN
Mar 12 08:14:05 gw named[733]: client @0x7f3a 10.1.4.77#53124 (api.apple-cloudkit.com): query: api.apple-cloudkit.com IN A
1678608845.772 113 10.20.3.9 TCP_TUNNEL/200 4521 CONNECT update.googleapis.com:443 - HIER_DIRECT/142.250.74.35 -
1678608846.120 42 10.20.3.9 TCP_MISS/200 1873 GET http://ctldl.windowsupdate.com/msdownload/update/v3/static/trustedr/en/
172.16.8.4 - - [12/Mar/2023:08:14:09 +0000] "GET /index.html HTTP/1.1" 200 5316 "https://www.example.com/start?lang=en"
10.3.7.21 - - [12/Mar/2023:08:14:10 +0000] "POST /api/v1/session HTTP/1.1" 204 0 "-" "Mozilla/5.0 (Windows NT 10.0; Win64; x64)"
"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/111.0.0.0 Safari/537.36"
{"ts":1678608851.22,"uid":"CbK2mT3pQ","id.orig_h":"10.0.0.5","id.orig_p":51544,"id.resp_h":"8.8.8.8","id.resp_p":53,
"proto":"udp","query":"fonts.gstatic.com","qtype_name":"A","rcode_name":"NOERROR","answers":["142.250.185.67"]}
{"timestamp":"2023-03-12T08:14:12.005+0000","flow_id":18237,"event_type":"tls","src_ip":"10.0.0.5","dest_ip":"13.107.42.14",
"dest_port":443,"tls":{"sni":"teams.events.data.microsoft.com","version":"TLS 1.2","fingerprint":"a1:07:4c:5e:d2:98"}}
2023-03-12 08:14:13 10.4.1.1 GET /owa/auth/logon.aspx url=https%3a%2f%2fmail.example.com%2fowa 443 - 203.0.113.8 200 0 0 312
3/12/2023 8:14:15 AM 0E94 PACKET 000002A1 UDP Rcv 10.3.2.1 6b1f Q [0001 D NOERROR] A (3)www(8)facebook(3)com(0)
"#;

/// Of a pair that never came up, what its two bytes alone would lead to expect is half believed.
const BELIEF: f64 = 0.5;

/// Bytes that text in ASCII can hold.
const BYTES: usize = 128;

/// By pair, and by single byte.
static FREQUENCIES: LazyLock<(Vec<f64>, Vec<f64>)> = LazyLock::new(|| {
    let sample = SAMPLE.to_ascii_lowercase();
    let mut single = vec![BELIEF; BYTES];
    let mut pairs = vec![0.0; BYTES * BYTES];
    for pair in sample.windows(2) {
        single[usize::from(pair[0])] += 1.0;
        pairs[index(pair[0], pair[1])] += 1.0;
    }
    let all: f64 = single.iter().sum();
    for (i, pair) in pairs.iter_mut().enumerate() {
        let is_upper = |byte: usize| (byte as u8).is_ascii_uppercase();
        let expected = single[i / BYTES] * single[i % BYTES] / all;
        let is_folded = !is_upper(i / BYTES) && !is_upper(i % BYTES);
        *pair = if is_folded { (*pair + BELIEF * expected) / ((1.0 + BELIEF) * all) } else { 0.0 };
    }
    let shares = pairs.chunks(BYTES).map(|row| row.iter().sum::<f64>().max(f64::MIN_POSITIVE)).collect();
    (pairs, shares)
});

fn index(first: u8, second: u8) -> usize {
    usize::from(first) * BYTES + usize::from(second)
}

/// The share of places in logs at which these two bytes of lower-case ASCII stand.
pub(crate) fn frequency(first: u8, second: u8) -> f64 {
    FREQUENCIES.0.get(index(first, second)).copied().unwrap_or(0.0)
}

/// The share of places at which this byte of lower-case ASCII stands; never zero.
pub(crate) fn share(byte: u8) -> f64 {
    FREQUENCIES.1.get(usize::from(byte)).copied().unwrap_or(f64::MIN_POSITIVE)
}

/// The share of places at which these bytes of lower-case ASCII stand, as far as pairs tell.
pub(crate) fn chain(bytes: &[u8]) -> f64 {
    let first = bytes.first().map_or(1.0, |first| share(*first));
    bytes.windows(2).fold(first, |so_far, pair| so_far * frequency(pair[0], pair[1]) / share(pair[0]))
}
