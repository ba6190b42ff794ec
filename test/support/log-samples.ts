/**
 * Lines of every log format, written by hand after the formats' documentation: what names the infrastructure, what only
 * looks as if it did, and what is damaged.
 *
 * Sought are `officeaddons.com`, `pbxsources.com`, `akamaicontainer.com`, `https://raw.githubusercontent.com/IconStorages/images/main`
 * and `198.54.115.59`; every line of `ordinary` that is a record names one, no line of `lookAlikes` does.
 */

/** Samples of one format. */
export interface LogSample {
  readonly filename: string
  /** Lines before the records. */
  readonly head?: string
  readonly ordinary: string
  readonly lookAlikes: string
  readonly damaged: string
}

export const logSamples: Readonly<Record<string, LogSample>> = {
  hosts_file: {
    filename: 'hosts',
    head: `# Host database
127.0.0.1 localhost`,
    ordinary: `
198.51.100.9 pbxsources.com
198.51.100.9\twww.officeaddons.com officeaddons.com # kept
2001:db8::9 Akamaicontainer.com`,
    lookAlikes: `
0.0.0.0 pbxsources.com
127.0.0.1 officeaddons.com
:: officeaddons.com
::1 akamaicontainer.com
10.1.2.3 officeaddons.com
fd00::1 officeaddons.com
# 198.51.100.9 officeaddons.com
198.51.100.9 notofficeaddons.com.example
198.51.100.9 host # officeaddons.com`,
    damaged: `
198.51.100.9
999.1.1.1 pbxsources.com
pbxsources.com 198.51.100.9
198.51.100 pbxsources.com`,
  },
  unified_log: {
    filename: 'unified_log.txt',
    head: 'Timestamp                       (process)[PID]    ',
    ordinary: `
2023-03-29 16:02:11.123456+0200  localhost mDNSResponder[312]: [com.apple.mDNSResponder:Default] [R8842] getaddrinfo start -- hostname: pbxsources.com., client pid: 4711 (UpdateAgent)
2023-03-29 16:02:12.000000+0200  localhost 3CX Desktop App[4700]: (CFNetwork) [com.apple.CFNetwork:Default] Task <A1>.<1> resuming, URL "https://www.officeaddons.com/technologies"
2023-03-29 14:02:13.123 Df UpdateAgent[4711:9f3a] [com.apple.network:connection] [C1 Hostname pbxsources.com:443 tcp] start
2023-03-29 16:02:14.000000+0200 0x1a2b     Default     0x0                  4711   0    UpdateAgent: (Network) [com.apple.network:connection] [C2 198.54.115.59:443 tcp] start
{"timezoneName":"","messageType":"Default","eventType":"logEvent","userID":501,"subsystem":"com.apple.CFNetwork","category":"Default","processImagePath":"\\/Users\\/carol\\/Library\\/Application Support\\/3CX Desktop App\\/UpdateAgent","senderImagePath":"\\/System\\/Library\\/Frameworks\\/CFNetwork.framework\\/CFNetwork","timestamp":"2023-03-29 16:02:15.500000+0200","machTimestamp":815,"eventMessage":"Connection 1: set to akamaicontainer.com:443","processID":4711}
2023-03-29 16:02:16.000000+0200  localhost tool[9]: found officeaddons.com in a list`,
    lookAlikes: `
2023-03-29 16:02:11.123456+0200  localhost mDNSResponder[312]: [com.apple.mDNSResponder:Default] hostname: <private>
2023-03-29 16:02:11.123456+0200  localhost mDNSResponder[312]: [com.apple.mDNSResponder:Default] hostname: notofficeaddons.com.example
2023-03-29 16:02:11.123456+0200  localhost tool[9]: see officeaddons[.]com and hxxps://pbxsources.com/a
{"machTimestamp":1,"timestamp":"2023-03-29 16:02:15.500000+0200","eventMessage":"officeaddons.com.example","processID":1}`,
    damaged: `
2023-03-29 16:02:11.123456+0200  localhost mDNSResponder: pbxsources.com
2023-03-29 16:02:11  localhost mDNSResponder[312]: pbxsources.com
{"machTimestamp":1,"timestamp":"2023-03-29 16:02:15.500000+0200","eventMessage":"officeaddons.com
{"eventMessage":"officeaddons.com"}
{"machTimestamp":1,"eventMessage":7}`,
  },
  dnsmasq: {
    filename: 'dnsmasq.log',
    head: `Mar 29 14:00:00 dnsmasq[812]: started, version 2.89 cachesize 150`,
    ordinary: `
Mar 29 14:02:11 dnsmasq[812]: query[A] pbxsources.com from 192.168.1.10
Mar 29 14:02:11 dnsmasq[812]: forwarded pbxsources.com to 9.9.9.9
Mar 29 14:02:11 dnsmasq[812]: reply pbxsources.com is 198.54.115.59
Mar 29 14:02:12 dnsmasq[812]: cached PbxSources.com is NXDOMAIN
Mar 29 14:02:13 router dnsmasq[812]: query[type=65] www.officeaddons.com from fd00::17
Mar 29 14:02:14 router dnsmasq[812]: 41 192.168.1.10/53211 query[AAAA] akamaicontainer.com from 192.168.1.10
Mar 29 14:02:14 router dnsmasq[812]: 41 192.168.1.10/53211 reply akamaicontainer.com is NODATA-IPv6
Mar 29 14:02:15 router dnsmasq[812]: config officeaddons.com is 0.0.0.0
Mar 29 14:02:15 router dnsmasq[812]: /etc/hosts.block officeaddons.com is ::
<30>Mar 29 14:02:16 router dnsmasq[812]: reply www.example.com is 198.54.115.59
Wed Mar 29 14:02:17 2023 daemon.info dnsmasq[812]: query[A] pbxsources.com from 10.0.0.7
Dec 31 23:59:59 dnsmasq[812]: query[A] pbxsources.com from 192.168.1.10`,
    lookAlikes: `
Mar 29 14:02:11 dnsmasq[812]: query[A] notofficeaddons.com.example from 192.168.1.10
Mar 29 14:02:11 dnsmasq[812]: query[A] officeaddons.com.example from 192.168.1.10
Mar 29 14:02:11 dnsmasq[812]: forwarded www.example.com to 198.54.115.59
Mar 29 14:02:11 dnsmasq[812]: query[A] www.example.com from 198.54.115.59
Mar 29 14:02:11 dnsmasq[812]: query[PTR] 59.115.54.198.in-addr.arpa from 192.168.1.10
Mar 29 14:02:11 dnsmasq[812]: reply 198.54.115.59 is premium.example.net
Mar 29 14:02:11 dnsmasq[812]: using nameserver 9.9.9.9#53 for domain officeaddons.com
Mar 29 14:02:11 dnsmasq-dhcp[812]: DHCPACK(br0) 192.168.1.10 00:11:22:33:44:55 officeaddons.com
Mar 29 14:02:11 analyst note[1]: query[A] officeaddons.com from 10.0.0.1
Mar 29 14:02:11 dnsmasq[812]: query[A] officeaddons[.]com from 192.168.1.10`,
    damaged: `
Mar 29 14:02:11 dnsmasq[812]: query[A] pbxsources.com
Mar 29 14:02:11 dnsmasq[812]: query[A]
Mar 29 14:02:11 dnsmasq[812]: reply pbxsources.com is
Mar 29 14:02:11 dnsmasq[812]:
Mar 32 25:61:99 dnsmasq[812]: query[A] pbxsources.com from 192.168.1.10
ar 29 14:02:11 dnsmasq[812]: query[A] pbxsources.com from 192.168.1.10
query[A] pbxsources.com from 192.168.1.10`,
  },
  pihole: {
    filename: 'pihole.log.1',
    ordinary: `
Mar 29 14:02:11 dnsmasq[900]: query[A] officeaddons.com from 192.168.1.23
Mar 29 14:02:11 dnsmasq[900]: gravity blocked officeaddons.com is 0.0.0.0
Mar 29 14:02:12 dnsmasq[900]: exactly blacklisted pbxsources.com is NXDOMAIN
Mar 29 14:02:12 dnsmasq[900]: regex denied www.pbxsources.com is ::
Mar 29 14:02:13 dnsmasq[900]: gravity blocked (CNAME) akamaicontainer.com is 0.0.0.0`,
    lookAlikes: `
Mar 29 14:02:11 dnsmasq[900]: gravity blocked notofficeaddons.com.example is 0.0.0.0
Mar 29 14:02:11 pihole-FTL[900]: Rate-limiting 198.54.115.59 for at least 60 seconds
Mar 29 14:02:11 dnsmasq[900]: regex denied officeaddons(.)com is 0.0.0.0`,
    damaged: `
Mar 29 14:02:11 dnsmasq[900]: gravity blocked
Mar 29 14:02:11 dnsmasq[900]: gravity blocked officeaddons.com
Mar 29 14:02:11 dnsmasq[900]: gravity blocked officeaddons.com is`,
  },
  bind: {
    filename: 'query.log',
    ordinary: `
29-Mar-2023 14:02:11.123 queries: info: client @0x7f3b2c0a1b20 10.0.0.5#53421 (pbxsources.com): query: pbxsources.com IN A +E(0)K (10.0.0.1)
29-Mar-2023 14:02:11.123 client 10.0.0.5#53421: query: pbxsources.com IN A +
29-Mar-2023 14:02:12.001 queries: info: client 10.0.0.5#53421 (www.OfficeAddons.com): view internal: query: www.OfficeAddons.com IN AAAA +T (10.0.0.1)
29-Mar-2023 14:02:12.002 client @0x7f3b2c0a1b20 2001:db8::5#41000/key host-a (pbxsources.com): query: pbxsources.com IN HTTPS -E(0)D (2001:db8::1)
2023-03-29T14:02:13.500Z queries: info: client @0x7f3b2c0a1b20 10.0.0.5#53421 (pbxsources.com): query: pbxsources.com IN A + (10.0.0.1)
29-Mar-2023 14:02:13.600 responses: info: client @0x7f3b2c0a1b20 10.0.0.5#53421 (pbxsources.com): response: pbxsources.com IN A NXDOMAIN +E(0)
29-Mar-2023 14:02:14.000 rpz: info: client @0x7f3b2c0a1b20 10.0.0.5#53421 (officeaddons.com): rpz QNAME NXDOMAIN rewrite officeaddons.com/A/IN via officeaddons.com.rpz.example
29-Mar-2023 14:02:14.000 rpz: info: client @0x7f3b2c0a1b20 10.0.0.5#53421 (officeaddons.com): rpz QNAME PASSTHRU rewrite officeaddons.com via officeaddons.com.rpz.example
29-Mar-2023 14:02:14.100 query-errors: info: client @0x7f3b2c0a1b20 10.0.0.5#53421 (pbxsources.com): query failed (SERVFAIL) for pbxsources.com/IN/A at query.c:7094
Mar 29 14:02:15 ns1 named[411]: client @0x7f3b2c0a1b20 10.0.0.5#53421 (akamaicontainer.com): query: akamaicontainer.com IN A +E(0) (10.0.0.1)
Mar 29 14:02:15 ns1 named[411]: queries: info: client @0x7f3b2c0a1b20 10.0.0.5#53421 (akamaicontainer.com): query: akamaicontainer.com IN A +E(0) (10.0.0.1)`,
    lookAlikes: `
29-Mar-2023 14:02:11.123 queries: info: client @0x7f3b2c0a1b20 10.0.0.5#53421 (notofficeaddons.com.example): query: notofficeaddons.com.example IN A +E(0)K (10.0.0.1)
29-Mar-2023 14:02:11.123 queries: info: client @0x7f3b2c0a1b20 198.54.115.59#53421 (www.example.com): query: www.example.com IN A + (198.54.115.59)
29-Mar-2023 14:02:11.123 rpz: info: client @0x7f3b2c0a1b20 10.0.0.5#53421 (www.example.com): rpz QNAME NXDOMAIN rewrite www.example.com/A/IN via www.example.com.officeaddons.com
29-Mar-2023 14:02:11.123 general: info: zone officeaddons.com/IN: loaded serial 1
29-Mar-2023 14:02:11.123 lame-servers: info: connection refused resolving 'officeaddons.com/A/IN': 198.54.115.59#53
29-Mar-2023 14:02:11.123 queries: info: client @0x7f3b2c0a1b20 10.0.0.5#53421 (officeaddons[.]com): query: officeaddons[.]com IN A +`,
    damaged: `
29-Mar-2023 14:02:11.123 queries: info: client @0x7f3b2c0a1b20 10.0.0.5#53421 (pbxsources.com): query: pbxsources.com
29-Mar-2023 14:02:11.123 queries: info: client @0x7f3b2c0a1b20 10.0.0.5#
29-Mar-2023 14:02:11.123 queries: info: client
99-Foo-2023 14:02:11.123 queries: info: client 10.0.0.5#53421 (pbxsources.com): query: pbxsources.com IN A + (10.0.0.1)
client 10.0.0.5#53421 (pbxsources.com): query: pbxsources.com IN A + (10.0.0.1)`,
  },
  unbound: {
    filename: 'unbound.log',
    ordinary: `
[1680098531] unbound[1234:0] info: 192.168.1.5 pbxsources.com. A IN
[1680098531] unbound[1234:3] reply: 192.168.1.5 pbxsources.com. A IN NXDOMAIN 0.012345 0 102
Mar 29 14:02:11 unbound[1234:0] query: 192.168.1.5 WWW.officeaddons.com. AAAA IN
2023-03-29T14:02:11.123+02:00 unbound[1234:0] info: 2001:db8::5 akamaicontainer.com. TYPE65 IN
Mar 29 14:02:12 fw unbound[1234]: [1234:0] info: 192.168.1.5 pbxsources.com. A IN NOERROR 0.000000 1 48
[1680098532] unbound[1234:0] info: officeaddons.com. always_nxdomain 192.168.1.5@41412 officeaddons.com. A IN
[1680098532] unbound[1234:0] info: rpz: applied [feed] *.officeaddons.com. rpz-nxdomain 2001:db8::5@41412 www.officeaddons.com. A IN`,
    lookAlikes: `
[1680098531] unbound[1234:0] info: 192.168.1.5 notofficeaddons.com.example. A IN
[1680098531] unbound[1234:0] info: 198.54.115.59 www.example.com. A IN
[1680098531] unbound[1234:0] info: rpz: applied [feed] *.officeaddons.com. rpz-passthru 192.168.1.5@41412 www.example.com. A IN
[1680098531] unbound[1234:0] info: validation failure <officeaddons.com. A IN>: no keys
[1680098531] unbound[1234:0] notice: init module 0: officeaddons.com.
[1680098531] unbound[1234:0] info: 192.168.1.5 officeaddons[.]com. A IN`,
    damaged: `
[1680098531] unbound[1234:0] info: 192.168.1.5 pbxsources.com.
[1680098531] unbound[1234:0] info:
[9999999999] unbound[1234:0] info: 192.168.1.5 pbxsources.com. A IN
[16800985 unbound[1234:0] info: 192.168.1.5 pbxsources.com. A IN`,
  },
  coredns: {
    filename: 'coredns-5d78c9869d.log',
    head: `.:53
[INFO] plugin/reload: Running configuration SHA512 = 591cf328
CoreDNS-1.10.1`,
    ordinary: `
[INFO] 10.244.0.5:41234 - 12345 "A IN pbxsources.com. udp 45 false 512" NOERROR qr,rd,ra 80 0.012345678s
[INFO] [fd00::5]:41234 - 3 "AAAA IN www.officeaddons.com. tcp 45 true 4096" NXDOMAIN qr,aa,rd 138 0.000123s
2023-03-29T14:02:11.123Z [INFO] 10.244.0.5:41234 - 12345 "HTTPS IN akamaicontainer.com. udp 45 false 512" SERVFAIL qr,rd 45 2.001s
2023-03-29T14:02:11.123456789+02:00 stdout F [INFO] 10.244.0.5:41234 - 12345 "A IN pbxsources.com. udp 45 false 512" NOERROR qr,rd,ra 80 0.012s
{"log":"[INFO] 10.244.0.5:41234 - 12345 \\"A IN pbxsources.com. udp 45 false 512\\" NOERROR qr,rd,ra 80 0.012s\\n","stream":"stdout","time":"2023-03-29T14:02:11.5Z"}
Mar 29 14:02:11 node1 coredns[77]: [INFO] 10.244.0.5:41234 - 12345 "A IN pbxsources.com. udp 45 false 512" NOERROR qr,rd,ra 80 0.012s`,
    lookAlikes: `
[INFO] 10.244.0.5:41234 - 12345 "A IN notofficeaddons.com.example. udp 45 false 512" NOERROR qr,rd,ra 80 0.012345678s
[INFO] 198.54.115.59:41234 - 12345 "A IN www.example.com. udp 45 false 512" NOERROR qr,rd,ra 80 0.012345678s
[ERROR] plugin/errors: 2 officeaddons.com. A: read udp 10.244.0.2:40000->198.54.115.59:53: i/o timeout
[INFO] 10.244.0.5:41234 - 12345 "A IN officeaddons[.]com. udp 45 false 512" NOERROR qr,rd,ra 80 0.012345678s`,
    damaged: `
[INFO] 10.244.0.5:41234 - 12345 "A IN pbxsources.com. udp 45
{"log":"[INFO] 10.244.0.5:41234 - 12345 \\"A IN pbxsources.com. udp 45
{"log":7,"stream":"stdout","time":[]}
[INFO]`,
  },
  systemd_resolved: {
    filename: 'journal.txt',
    ordinary: `
Mar 29 14:02:11 desk systemd-resolved[512]: Looking up RR for pbxsources.com IN A.
Mar 29 14:02:11 desk systemd-resolved[512]: Cache miss for pbxsources.com IN A
2023-03-29T14:02:11+0200 desk systemd-resolved[512]: Firing regular transaction 41001 for <www.officeaddons.com IN AAAA> scope dns on eth0/* (validate=no).
1680098531.250000 desk systemd-resolved[512]: Regular transaction 41001 for <pbxsources.com IN A> on scope dns on eth0/* now complete with <success> from network (unsigned; non-confidential).
2023-03-29 14:02:11.123456+0200 desk systemd-resolved[512]: Positive cache hit for akamaicontainer.com IN A
Wed 2023-03-29 14:02:11 CEST desk systemd-resolved[512]: Added NXDOMAIN cache entry for pbxsources.com IN ANY 300s
Mar 29 14:02:11 desk systemd-resolved[512]: Looking up RR for IN A officeaddons.com`,
    lookAlikes: `
Mar 29 14:02:11 desk systemd-resolved[512]: Looking up RR for notofficeaddons.com.example IN A.
Mar 29 14:02:11 desk systemd-resolved[512]: Using DNS server 198.54.115.59 for interface eth0.
Mar 29 14:02:11 desk systemd-resolved[512]: Search domain officeaddons.com on link eth0.
Mar 29 14:02:11 desk systemd-resolved[512]: Looking up RR for officeaddons[.]com IN A.`,
    damaged: `
Mar 29 14:02:11 desk systemd-resolved[512]: Looking up RR for
Mar 29 14:02:11 desk systemd-resolved[512]: Looking up RR for pbxsources.com
Mar 29 14:02:11 desk systemd-resolved[`,
  },
  resolvectl: {
    filename: 'resolved-cache.txt',
    head: 'Scope protocol=dns interface=eth0 ifindex=2 family=*',
    ordinary: `
pbxsources.com IN A 198.54.115.59
www.officeaddons.com IN CNAME cdn.example.net
→ Q: akamaicontainer.com IN A
← A: www.example.com IN A 198.54.115.59
officeaddons.com: 192.0.2.7                    -- link: eth0`,
    lookAlikes: `
notofficeaddons.com.example IN A 192.0.2.7
www.example.com IN TXT "see officeaddons.com"
→ Q: officeaddons[.]com IN A
59.115.54.198.in-addr.arpa IN PTR premium.example.net`,
    damaged: `
pbxsources.com IN A
→ Q: pbxsources.com
← A:`,
  },
  windows_dns: {
    filename: 'dns.log',
    head: `DNS Server log file creation at 3/29/2023 1:00:00 PM
Log file wrap at 3/29/2023 1:00:00 PM

Message logging key (for packets - other items use a subset of these fields):`,
    ordinary: `
3/29/2023 2:02:11 PM 0E2C PACKET  000001D2F1A2B3C0 UDP Rcv 10.0.0.5        a1b2   Q [0001   D   NOERROR] A      (10)pbxsources(3)com(0)
3/29/2023 2:02:11 PM 0E2C PACKET  000001D2F1A2B3C0 UDP Snd 9.9.9.9         c3d4   Q [0001   D   NOERROR] A      (10)pbxsources(3)com(0)
3/29/2023 2:02:11 PM 0E2C PACKET  000001D2F1A2B3C0 UDP Rcv 9.9.9.9         c3d4 R Q [8081   DR  NOERROR] A      (10)pbxsources(3)com(0)
3/29/2023 2:02:11 PM 0E2C PACKET  000001D2F1A2B3C0 UDP Snd 10.0.0.5        a1b2 R Q [8385 A DR NXDOMAIN] A      (3)www(12)OfficeAddons(3)com(0)
29.03.2023 14:02:11 0E2C PACKET  000001D2F1A2B3C0 TCP Rcv 2001:db8::5     a1b2   Q [0001   D   NOERROR] AAAA   (15)akamaicontainer(3)com(0)
29/03/2023 14:02:11 0E2C PACKET  000001D2F1A2B3C0 UDP Rcv 10.0.0.5        a1b2   Q [0001   D   NOERROR] A      (10)pbxsources(3)com(0)
01/04/2023 14:02:11 0E2C PACKET  000001D2F1A2B3C0 UDP Rcv 10.0.0.5        a1b2   Q [0001   D   NOERROR] A      (10)pbxsources(3)com(0)
2023-03-29 14:02:11 0E2C PACKET  000001D2F1A2B3C0 UDP Rcv 10.0.0.5        a1b2   Q [0001   D   NOERROR] A      (10)pbxsources(3)com(0)
20230329 14:02:11 0E2C PACKET  000001D2F1A2B3C0 UDP Rcv 10.0.0.5        a1b2   Q [0001   D   NOERROR] A      (10)pbxsources(3)com(0)`,
    lookAlikes: `
3/29/2023 2:02:11 PM 0E2C PACKET  000001D2F1A2B3C0 UDP Rcv 10.0.0.5        a1b2   Q [0001   D   NOERROR] A      (15)notofficeaddons(3)com(7)example(0)
3/29/2023 2:02:11 PM 0E2C PACKET  000001D2F1A2B3C0 UDP Rcv 198.54.115.59   a1b2   Q [0001   D   NOERROR] A      (3)www(7)example(3)com(0)
3/29/2023 2:02:11 PM 0E2C PACKET  000001D2F1A2B3C0 UDP Rcv 10.0.0.5        a1b2   U [0028       NOERROR] SOA    (10)pbxsources(3)com(0)
3/29/2023 2:02:11 PM 0E2C EVENT   The DNS server has finished the zone transfer of officeaddons.com
3/29/2023 2:02:11 PM 0E2C PACKET  000001D2F1A2B3C0 UDP Rcv 10.0.0.5        a1b2   Q [0001   D   NOERROR] A      officeaddons(.)com
3/29/2023 2:02:11 PM 0E2C PACKET  000001D2F1A2B3C0 UDP Rcv 10.0.0.5        a1b2   Q [0001   D   NOERROR] A      (12)officeaddons(3)com(2)de(0)`,
    damaged: `
3/29/2023 2:02:11 PM 0E2C PACKET  000001D2F1A2B3C0 UDP Rcv 10.0.0.5        a1b2   Q [0001   D   NOERROR] A      (10)pbxsources(3)co
3/29/2023 2:02:11 PM 0E2C PACKET  000001D2F1A2B3C0 UDP Rcv 10.0.0.5        a1b2   Q [0001   D   NOERROR] A      (99)pbxsources(3)com(0)
3/29/2023 2:02:11 PM 0E2C PACKET  000001D2F1A2B3C0 UDP Rcv
13/32/2023 2:02:11 PM 0E2C PACKET  000001D2F1A2B3C0 UDP Rcv 10.0.0.5        a1b2   Q [0001   D   NOERROR] A      (10)pbxsources(3)com(0)`,
  },
  squid: {
    filename: 'access.log',
    ordinary: `
1680098531.123    345 10.0.0.5 TCP_MISS/200 4567 GET http://akamaicontainer.com/v1/data?id=7 jdoe HIER_DIRECT/192.0.2.7 text/html
1680098532.001  60012 10.0.0.5 TCP_TUNNEL/200 7788 CONNECT pbxsources.com:443 - HIER_DIRECT/198.54.115.59 -
1680098533.500      0 10.0.0.6 TCP_DENIED/403 3890 CONNECT officeaddons.com:443 - HIER_NONE/- text/html
1680098534.000     90 10.0.0.6 TCP_MISS/200 900 GET https://raw.githubusercontent.com/IconStorages/images/main/icon7.ico - HIER_DIRECT/185.199.108.133 image/x-icon
1680098535.000     90 2001:db8::5 NONE_NONE/200 0 CONNECT 198.54.115.59:443 - HIER_NONE/- -
1680098536.000     90 10.0.0.6 TCP_MISS/200 900 GET http://user:secret@www.PbxSources.com:8080/ - FIRSTUP_PARENT/10.9.9.9 text/html`,
    lookAlikes: `
1680098531.123    345 10.0.0.5 TCP_MISS/200 4567 GET http://www.example.com/officeaddons.com/index.html - HIER_DIRECT/192.0.2.7 text/html
1680098531.123    345 10.0.0.5 TCP_MISS/200 4567 GET http://www.example.com/?next=https://pbxsources.com/ - HIER_DIRECT/192.0.2.7 text/html
1680098531.123    345 10.0.0.5 TCP_MISS/200 4567 CONNECT notofficeaddons.com.example:443 - HIER_DIRECT/192.0.2.7 -
1680098531.123    345 198.54.115.59 TCP_MISS/200 4567 GET http://www.example.com/ - FIRSTUP_PARENT/198.54.115.59 text/html
1680098531.123    345 10.0.0.5 TCP_MISS/200 4567 GET http://officeaddons.com@www.example.com/ - HIER_DIRECT/192.0.2.7 text/html
1680098531.123    345 10.0.0.5 TCP_MISS/200 4567 GET https://raw.githubusercontent.com/IconStorages/images/mainline - HIER_DIRECT/185.199.108.133 -
1680098531.123    345 10.0.0.5 NONE/400 4567 GET hxxp://officeaddons[.]com/ - HIER_NONE/- text/html`,
    damaged: `
1680098531.123    345 10.0.0.5 TCP_MISS/200 4567 GET http://akamaicontainer.com/v1/da
1680098531.123    345 10.0.0.5 TCP_MISS/200 4567 GET
1680098531.123    345 10.0.0.5 TCP_MISS/
99999999999999.123    345 10.0.0.5 TCP_MISS/200 4567 GET http://akamaicontainer.com/ - HIER_NONE/- -`,
  },
  squid_combined: {
    filename: 'access.log.2',
    ordinary: `
10.0.0.5 - jdoe [29/Mar/2023:14:02:11 +0200] "GET http://akamaicontainer.com/v1?x=1 HTTP/1.1" 200 4567 "-" "curl/7.88.1" TCP_MISS:HIER_DIRECT
10.0.0.5 - - [29/Mar/2023:14:02:12 +0200] "CONNECT pbxsources.com:443 HTTP/1.1" 200 7788 "-" "Mozilla/5.0 (Windows NT 10.0; Win64; x64) 3CXDesktopApp/18.11.1197" TCP_TUNNEL:HIER_DIRECT
10.0.0.5 - - [29/Mar/2023:14:02:13 +0200] "CONNECT officeaddons.com:443 HTTP/1.1" 403 3890 "-" "-" TCP_DENIED:HIER_NONE`,
    lookAlikes: `
10.0.0.5 - - [29/Mar/2023:14:02:11 +0200] "GET http://www.example.com/ HTTP/1.1" 200 4567 "https://officeaddons.com/" "curl/7.88.1" TCP_MISS:HIER_DIRECT
10.0.0.5 - - [29/Mar/2023:14:02:11 +0200] "CONNECT notofficeaddons.com.example:443 HTTP/1.1" 200 4567 "-" "see officeaddons.com" TCP_MISS:HIER_DIRECT
10.0.0.5 - - [29/Mar/2023:14:02:11 +0200] "CONNECT officeaddons[.]com:443 HTTP/1.1" 400 0 "-" "-" NONE:HIER_NONE`,
    damaged: `
10.0.0.5 - - [29/Mar/2023:14:02:11 +0200] "GET http://akamaicontainer.com/v1
10.0.0.5 - - [29/Mar/2023:14:02:11 +0200] "
10.0.0.5 - - [29/Mar/2023:14:02:`,
  },
  combined: {
    filename: 'other_vhosts_access.log',
    ordinary: `
officeaddons.com:443 10.0.0.5 - - [29/Mar/2023:14:02:11 +0000] "GET /addons?x=1 HTTP/1.1" 200 512 "-" "curl/7.88.1"
pbxsources.com 2001:db8::5 - jane doe [29/Mar/2023:14:02:11 +0000] "POST /queue HTTP/2.0" 200 512 "-" "curl/7.88.1"
10.0.0.5 - - [29/Mar/2023:14:02:12 +0000] "GET http://akamaicontainer.com/v1 HTTP/1.1" 200 512
10.0.0.5 - - [29/Mar/2023:14:02:12 +0000] "CONNECT pbxsources.com:443 HTTP/1.1" 405 0 "-" "-"
<190>Mar 29 14:02:12 web nginx: 10.0.0.5 - - [29/Mar/2023:14:02:12 +0000] "GET http://akamaicontainer.com/v1 HTTP/1.1" 200 512 "-" "-"
10.0.0.5 - - [29/Mar/2023:16:02:12 +0200] "GET /webclient HTTP/1.1" 200 512 "-" "Mozilla/5.0 (Windows NT 10.0; Win64; x64) 3CXDesktopApp/18.11.1197"
10.0.0.5 - - [29/Mar/2023:14:02:12 +0000] "GET https://RAW.githubusercontent.com/IconStorages/images/main/icon7.ico HTTP/1.1" 200 512 "a \\"quoted\\" one" "curl/7.88.1" "203.0.113.9"`,
    lookAlikes: `
10.0.0.5 - - [29/Mar/2023:14:02:11 +0000] "GET /officeaddons.com HTTP/1.1" 404 512 "-" "curl/7.88.1"
10.0.0.5 - - [29/Mar/2023:14:02:11 +0000] "GET /?u=http://pbxsources.com/ HTTP/1.1" 200 512 "http://pbxsources.com/" "bot (+http://pbxsources.com/)"
notofficeaddons.com.example:443 198.54.115.59 - - [29/Mar/2023:14:02:11 +0000] "GET / HTTP/1.1" 200 512 "-" "curl/7.88.1"
198.54.115.59 - - [29/Mar/2023:14:02:11 +0000] "\\x16\\x03\\x01" 400 0 "-" "-"
10.0.0.5 - - [29/Mar/2023:14:02:11 +0000] "GET https://officeaddons.com.evil.example/ HTTP/1.1" 200 512
10.0.0.5 - officeaddons.com [29/Mar/2023:14:02:11 +0000] "GET / HTTP/1.1" 200 512
10.0.0.5 - - [29/Mar/2023:14:02:11 +0000] "GET hxxps://pbxsources[.]com/ HTTP/1.1" 400 512`,
    damaged: `
officeaddons.com:443 10.0.0.5 - - [29/Mar/2023:14:02:11 +0000] "GET /addons
officeaddons.com:443 10.0.0.5 - - [29/Mar/2023:14:02:11 +0000] "
officeaddons.com:443 10.0.0.5 - - [99/Mar/2023:14:02:11 +0000] "GET / HTTP/1.1" 200 1
10.0.0.5 - - [29/Mar/2023:14:02:11 +0000] GET http://akamaicontainer.com/v1 HTTP/1.1`,
  },
  haproxy: {
    filename: 'haproxy.log',
    ordinary: `
Mar 29 14:02:11 lb1 haproxy[901]: 10.0.0.5:41234 [29/Mar/2023:14:02:11.123] web~ app/srv1 0/0/1/45/46 200 1234 - - ---- 1/1/0/0/0 0/0 {pbxsources.com|Mozilla/5.0 (Windows NT 10.0; Win64; x64) 3CXDesktopApp/18.11.1197} {nginx} "GET /queue?x=1 HTTP/1.1"
Mar 29 14:02:11 lb1 haproxy[901]: 10.0.0.5:41234 [29/Mar/2023:14:02:11.123] web~ app/srv1 0/0/1/45/46 200 1234 - - ---- 1/1/0/0/0 0/0 "GET https://www.officeaddons.com/addons HTTP/2.0"
<134>Mar 29 14:02:11 haproxy[901]: 2001:db8::5:41234 [29/Mar/2023:14:02:11.123] web app/<NOSRV> 0/-1/-1/-1/0 403 0 __tutma=true - PR-- 1/1/0/0/0 0/0 {akamaicontainer.com:80} "GET / HTTP/1.1"
2023-03-29T14:02:11.200+02:00 lb1 haproxy[901]: 10.0.0.5:41234 [29/Mar/2023:14:02:11.123] web~ app/srv1 0/0/1/45/46 200 1234 - - ---- 1/1/0/0/0 0/0 "GET / HTTP/1.1" 0/0000000000000000/0/0/0 pbxsources.com/TLSv1.3/TLS_AES_256_GCM_SHA384`,
    lookAlikes: `
Mar 29 14:02:11 lb1 haproxy[901]: 10.0.0.5:41234 [29/Mar/2023:14:02:11.123] web~ app/srv1 0/0/1/45/46 200 1234 - - ---- 1/1/0/0/0 0/0 {www.example.com|https://officeaddons.com/} "GET /officeaddons.com HTTP/1.1"
Mar 29 14:02:11 lb1 haproxy[901]: 198.54.115.59:41234 [29/Mar/2023:14:02:11.123] web~ app/srv1 0/0/1/45/46 200 1234 - - ---- 1/1/0/0/0 0/0 {notofficeaddons.com.example} "GET / HTTP/1.1"
Mar 29 14:02:11 lb1 haproxy[901]: Server officeaddons.com/srv1 is DOWN
Mar 29 14:02:11 lb1 haproxy[901]: 10.0.0.5:41234 [29/Mar/2023:14:02:11.123] web~ app/srv1 0/0/1/45/46 200 1234 - - ---- 1/1/0/0/0 0/0 {officeaddons[.]com} "GET / HTTP/1.1"`,
    damaged: `
Mar 29 14:02:11 lb1 haproxy[901]: 10.0.0.5:41234 [29/Mar/2023:14:02:11.123] web~ app/srv1 0/0/1/45/46 200 1234 - - ---- 1/1/0/0/0 0/0 {pbxsources.com|Mozilla/5.0
Mar 29 14:02:11 lb1 haproxy[901]: 10.0.0.5:41234 [29/Mar/2023:14:02:11.123] web~ app/srv1 0/0/1/45/46 200 1234 - - ---- 1/1/0/0/0 0/0 "GET https://pbxsources.com/qu
Mar 29 14:02:11 lb1 haproxy[901]: 10.0.0.5:41234 [29/Mar/2023:14:02:11.123] web~ app/srv1 0/0/1`,
  },
  filterlog: {
    filename: 'filter.log',
    ordinary: `
Mar 29 14:02:11 fw filterlog[4411]: 5,,,1000000103,igb1,match,pass,in,4,0x0,,64,0,0,DF,6,tcp,60,192.168.1.10,198.54.115.59,51234,443,0,S,3411229,,64240,,mss
<134>1 2023-03-29T14:02:11.123456+02:00 fw.example filterlog 4411 - [meta sequenceId="1"] 9,,,fae559338f65e11c53669fc3642c93c2,igb0,match,block,out,4,0x0,,64,0,0,DF,17,udp,72,203.0.113.2,198.54.115.59,1027,53,52
Mar 29 14:02:12 fw filterlog: 5,16777216,,1000000103,igb0,match,block,in,4,0x0,,54,1,0,none,6,tcp,40,198.54.115.59,192.168.1.10,4444,22,0,S,1,,1024,,
<134>Mar 29 14:02:12 filterlog[4411]: 5,,,1000000103,igb0,match,pass,in,4,0x0,,54,1,0,none,1,icmp,84,198.54.115.59,203.0.113.2,request,1,2`,
    lookAlikes: `
Mar 29 14:02:11 fw filterlog[4411]: 5,,,1000000103,igb1,match,pass,in,4,0x0,,64,0,0,DF,6,tcp,60,192.168.1.10,198.54.115.5,51234,443,0,S,3411229,,64240,,mss
Mar 29 14:02:11 fw filterlog[4411]: 5,,,198.54.115.59,igb1,match,pass,in,4,0x0,,64,0,0,DF,6,tcp,60,192.168.1.10,192.0.2.7,51234,443,0,S,3411229,,64240,,mss
Mar 29 14:02:11 fw filterlog[4411]: 5,,,1000000103,igb0,match,pass,out,4,0x0,,64,0,0,DF,6,tcp,60,198.54.115.59,192.0.2.7,51234,443,0,S,3411229,,64240,,mss
Mar 29 14:02:11 fw filterlog[4411]: 7,,,1000000105,igb1,match,pass,in,6,0x00,0x00000,64,tcp,6,40,2001:db8::5,2001:db8:1::7,51234,443,0,S,1,,64240,,mss
Mar 29 14:02:11 fw php-fpm[77]: alias c2 resolved to 198.54.115.59`,
    damaged: `
Mar 29 14:02:11 fw filterlog[4411]: 5,,,1000000103,igb1,match,pass,in,4,0x0,,64,0,0,DF,6,tcp,60,192.168.1.10,198.54.1
Mar 29 14:02:11 fw filterlog[4411]: 5,,,1000000103,igb1,match,pass,in,5,0x0,,64,0,0,DF,6,tcp,60,192.168.1.10,198.54.115.59
Mar 29 14:02:11 fw filterlog[4411]:`,
  },
  zeek: {
    filename: 'dns.log',
    head: `#separator \\x09
#set_separator	,
#empty_field	(empty)
#unset_field	-
#path	dns
#open	2023-03-29-14-00-00
#fields	ts	uid	id.orig_h	id.orig_p	id.resp_h	id.resp_p	proto	query	qtype_name	rcode_name	rejected	answers
#types	time	string	addr	port	addr	port	enum	string	string	string	bool	vector[string]`,
    ordinary: `
1680098531.123456	CHhAvVGS1DHFjwGM9	10.0.0.5	53211	10.0.0.1	53	udp	pbxsources.com	A	NOERROR	F	192.0.2.7,198.54.115.59
1680098531.223456	CHhAvVGS1DHFjwGM9	10.0.0.5	53211	10.0.0.1	53	udp	www.OfficeAddons.com	A	NXDOMAIN	F	-
1680098531.323456	CHhAvVGS1DHFjwGM9	10.0.0.5	53211	10.0.0.1	53	udp	www.example.com	A	NOERROR	F	akamaicontainer.com,192.0.2.7
#close	2023-03-29-15-00-00
#fields	ts	uid	id.orig_h	id.orig_p	id.resp_h	id.resp_p	method	host	uri	referrer	user_agent	status_code	username
1680098532.000000	CHhAvVGS1DHFjwGM9	10.0.0.5	53212	192.0.2.7	80	GET	akamaicontainer.com	/v1?x=1	-	Mozilla/5.0 (Windows NT 10.0; Win64; x64) 3CXDesktopApp/18.11.1197	200	-
1680098532.000000	CHhAvVGS1DHFjwGM9	10.0.0.5	53212	10.0.0.9	3128	CONNECT	pbxsources.com	pbxsources.com:443	-	a\\x09b	200	jdoe
#fields	ts	uid	id.orig_h	id.orig_p	id.resp_h	id.resp_p	version	cipher	server_name	established	subject
1680098533.000000	CHhAvVGS1DHFjwGM9	10.0.0.5	53213	192.0.2.7	443	TLSv13	TLS_AES_128_GCM_SHA256	officeaddons.com	T	-
#fields	ts	uid	id.orig_h	id.orig_p	id.resp_h	id.resp_p	proto	service	duration	orig_bytes	resp_bytes	conn_state	local_orig	local_resp
1680098534.000000	CHhAvVGS1DHFjwGM9	10.0.0.5	53214	198.54.115.59	443	tcp	ssl	1.5	1200	3400	SF	T	F
1680098534.000000	CHhAvVGS1DHFjwGM9	198.54.115.59	4444	10.0.0.5	22	tcp	-	-	-	-	S0	F	T
{"ts":1680098535.5,"uid":"CHhAvVGS1DHFjwGM9","id.orig_h":"10.0.0.5","id.orig_p":53211,"id.resp_h":"10.0.0.1","id.resp_p":53,"query":"pbxsources.com","qtype_name":"AAAA","rejected":false,"answers":["2001:db8::7"]}
{"ts":"2023-03-29T14:02:16.250000Z","uid":"CHhAvVGS1DHFjwGM9","id.orig_h":"10.0.0.5","id.resp_h":"192.0.2.7","id.resp_p":443,"server_name":"www.officeaddons.com","version":"TLSv12"}`,
    lookAlikes: `
1680098531.123456	CHhAvVGS1DHFjwGM9	10.0.0.5	53211	198.54.115.59	53	udp	notofficeaddons.com.example	A	NOERROR	F	192.0.2.7
1680098531.123456	CHhAvVGS1DHFjwGM9	10.0.0.5	53211	10.0.0.1	53	udp	example.com	TXT	NOERROR	F	TXT 15 see officeaddons.com,pbxsources.com
1680098531.123456	CHhAvVGS1DHFjwGM9	198.54.115.59	53211	10.0.0.1	53	udp	4.3.2.1.in-addr.arpa	PTR	NOERROR	F	officeaddons.com
1680098531.123456	CHhAvVGS1DHFjwGM9	10.0.0.5	53211	10.0.0.1	53	udp	officeaddons[.]com	A	NXDOMAIN	F	-
#fields	ts	uid	id.orig_h	id.orig_p	id.resp_h	id.resp_p	method	host	uri	referrer	user_agent	status_code	username
1680098532.000000	CHhAvVGS1DHFjwGM9	10.0.0.5	53212	192.0.2.7	80	GET	www.example.com	/officeaddons.com	http://pbxsources.com/	pbxsources.com	200	officeaddons.com
#fields	ts	uid	id.orig_h	id.orig_p	id.resp_h	id.resp_p	version	cipher	server_name	established	subject
1680098533.000000	CHhAvVGS1DHFjwGM9	10.0.0.5	53213	192.0.2.7	443	TLSv12	TLS_AES_128_GCM_SHA256	www.example.com	T	CN=officeaddons.com`,
    damaged: `
1680098531.123456	CHhAvVGS1DHFjwGM9	10.0.0.5	53211	10.0.0.1	53	udp	pbxsources.com
1680098531.123456	CHhAvVGS1DHFjwGM9	10.0.0.5
{"ts":1680098535.5,"uid":"CHhAvVGS1DHFjwGM9","id.orig_h":"10.0.0.5","query":"pbxsour
#fields
1680098531.123456	CHhAvVGS1DHFjwGM9	10.0.0.5	53211	10.0.0.1	53	udp	pbxsources.com	A	NOERROR	F	-`,
  },
  suricata: {
    filename: 'eve.json',
    ordinary: `
{"timestamp":"2023-03-29T14:02:11.123456+0200","flow_id":1,"event_type":"dns","src_ip":"10.0.0.5","src_port":53211,"dest_ip":"10.0.0.1","dest_port":53,"proto":"UDP","dns":{"type":"query","id":7,"rrname":"pbxsources.com","rrtype":"A","tx_id":0}}
{"timestamp":"2023-03-29T14:02:11.123456+0000","event_type":"dns","src_ip":"10.0.0.1","src_port":53,"dest_ip":"10.0.0.5","dest_port":53211,"dns":{"type":"answer","id":7,"rcode":"NOERROR","rrname":"www.example.com","rrtype":"A","ttl":60,"rdata":"198.54.115.59"}}
{"timestamp":"2023-03-29T14:02:11.123456+0000","event_type":"dns","src_ip":"10.0.0.5","src_port":53211,"dest_ip":"10.0.0.1","dest_port":53,"dns":{"version":2,"type":"answer","id":7,"rcode":"NXDOMAIN","rrname":"www.officeaddons.com","rrtype":"A","answers":[{"rrname":"www.officeaddons.com","rrtype":"CNAME","ttl":60,"rdata":"akamaicontainer.com"},{"rrname":"akamaicontainer.com","rrtype":"A","ttl":60,"rdata":"192.0.2.7"}],"grouped":{"CNAME":["akamaicontainer.com"],"A":["192.0.2.7"]}}}
{"timestamp":"2025-03-29T14:02:11.123456+0000","event_type":"dns","src_ip":"10.0.0.5","src_port":53211,"dest_ip":"10.0.0.1","dest_port":53,"dns":{"version":3,"type":"request","queries":[{"rrname":"pbxsources.com","rrtype":"A"}]}}
{"timestamp":"2023-03-29T14:02:12.000000+0000","event_type":"http","src_ip":"10.0.0.5","src_port":41000,"dest_ip":"192.0.2.7","dest_port":80,"http":{"hostname":"akamaicontainer.com","url":"\\/v1?x=1","http_user_agent":"Mozilla/5.0 (Windows NT 10.0; Win64; x64) 3CXDesktopApp/18.11.1197","http_method":"GET","status":200}}
{"timestamp":"2023-03-29T14:02:13.000000+0000","event_type":"tls","src_ip":"10.0.0.5","src_port":41000,"dest_ip":"192.0.2.7","dest_port":443,"tls":{"sni":"officeaddons.com","version":"TLS 1.3"}}
{"timestamp":"2023-03-29T14:02:14.000000+0000","event_type":"flow","src_ip":"10.0.0.5","src_port":41000,"dest_ip":"198.54.115.59","dest_port":443,"proto":"TCP","flow":{"pkts_toserver":5,"start":"2023-03-29T14:02:10.000000+0000"}}
{"timestamp":"2023-03-29T14:02:15.000000+0000","event_type":"alert","src_ip":"192.0.2.7","src_port":443,"dest_ip":"10.0.0.5","dest_port":41000,"direction":"to_client","alert":{"action":"blocked","signature":"Supply chain C2"},"tls":{"sni":"pbxsources.com"}}
Mar 29 14:02:16 ids suricata[88]: {"timestamp":"2023-03-29T14:02:16.000000+0000","event_type":"quic","src_ip":"10.0.0.5","dest_ip":"192.0.2.7","dest_port":443,"quic":{"sni":"pbxsources.com"}}`,
    lookAlikes: `
{"timestamp":"2023-03-29T14:02:11.123456+0000","event_type":"alert","src_ip":"10.0.0.5","dest_ip":"192.0.2.7","dest_port":443,"alert":{"signature":"ET MALWARE officeaddons.com","metadata":{"domain":["pbxsources.com"]}},"tls":{"sni":"www.example.com","subject":"CN=officeaddons.com"}}
{"timestamp":"2023-03-29T14:02:11.123456+0000","event_type":"http","src_ip":"10.0.0.5","dest_ip":"192.0.2.7","http":{"hostname":"www.example.com","url":"/officeaddons.com?u=pbxsources.com","http_refer":"http://pbxsources.com/"}}
{"timestamp":"2023-03-29T14:02:11.123456+0000","event_type":"dns","src_ip":"10.0.0.5","dest_ip":"198.54.115.59","dest_port":53,"dns":{"type":"query","rrname":"notofficeaddons.com.example","rrtype":"A"}}
{"timestamp":"2023-03-29T14:02:11.123456+0000","event_type":"dns","src_ip":"10.0.0.5","dest_ip":"10.0.0.1","dest_port":53,"dns":{"type":"answer","rrname":"example.com","rrtype":"TXT","rdata":"officeaddons.com","answers":[{"rrtype":"TXT","rdata":"pbxsources.com"}]}}
{"timestamp":"2023-03-29T14:02:11.123456+0000","event_type":"dns","src_ip":"10.0.0.5","dest_ip":"10.0.0.1","dest_port":53,"dns":{"type":"query","rrname":"officeaddons[.]com","rrtype":"A"}}
{"timestamp":"2023-03-29T14:02:11.123456+0000","event_type":"stats","stats":{"note":"officeaddons.com"}}`,
    damaged: `
{"timestamp":"2023-03-29T14:02:11.123456+0000","event_type":"dns","dns":{"type":"query","rrname":"pbxsources.com
{"timestamp":7,"event_type":[],"dns":"pbxsources.com"}
{"timestamp":"never","event_type":"dns","dns":{"type":"query","rrname":"pbxsources.com","answers":7,"grouped":[],"queries":{}}}
{"timestamp":"never","event_type":"http","http":["pbxsources.com"]}`,
  },
  iis: {
    filename: 'u_ex230329.log',
    head: `#Software: Microsoft Internet Information Services 10.0
#Version: 1.0
#Date: 2023-03-29 14:00:00
#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) cs(Referer) cs(Cookie) cs-host sc-status sc-bytes time-taken`,
    ordinary: `
2023-03-29 14:02:11 10.0.0.1 GET /addons x=1 443 CORP\\jdoe 10.0.0.5 curl/7.88.1 - - officeaddons.com 200 512 3
2023-03-29 14:02:12 10.0.0.1 POST /queue - 80 - 10.0.0.5 Mozilla/5.0+(Windows+NT+10.0;+Win64;+x64)+3CXDesktopApp/18.11.1197 - __tutma=a;+b=c www.PbxSources.com:8080 404 512 3
#Date: 2023-03-30 00:00:00
#Fields: time c-ip cs-method cs-uri-scheme cs-host cs-uri-path cs-uri-query r-ip cs(User-Agent) sc-filter-result
00:00:01 10.0.0.5 GET http akamaicontainer.com /v1 ?x=1 198.54.115.59 "a b" OBSERVED
00:00:02 10.0.0.5 CONNECT tcp pbxsources.com / - - - DENIED
#Fields: date	time	c-ip	cs-uri	r-host	r-ip	cs-method
2023-03-30	00:00:03	10.0.0.5	https://raw.githubusercontent.com/IconStorages/images/main/icon7.ico	raw.githubusercontent.com	185.199.108.133	GET`,
    lookAlikes: `
2023-03-29 14:02:11 198.54.115.59 GET /officeaddons.com u=pbxsources.com 443 officeaddons.com 198.54.115.59 pbxsources.com http://pbxsources.com/ d=pbxsources.com www.example.com 200 512 3
2023-03-29 14:02:11 10.0.0.1 GET / - 443 - 10.0.0.5 curl/7.88.1 - - notofficeaddons.com.example 200 512 3
2023-03-29 14:02:11 10.0.0.1 GET / - 443 - 10.0.0.5 curl/7.88.1 - - officeaddons[.]com 400 512 3
#Remark: officeaddons.com`,
    damaged: `
2023-03-29 14:02:11 10.0.0.1 GET /addons
2023-13-29 14:02:99 10.0.0.1 GET /addons x=1 443 - 10.0.0.5 curl/7.88.1 - - officeaddons.com
#Fields:
2023-03-29 14:02:11 10.0.0.1 GET /addons x=1 443 - 10.0.0.5 curl/7.88.1 - - officeaddons.com 200 512 3`,
  },
  little_snitch: {
    filename: 'traffic.csv',
    head: 'date,direction,uid,ipAddress,remoteHostname,protocol,port,connectCount,denyCount,byteCountIn,byteCountOut,connectingExecutable,parentAppExecutable',
    ordinary: `
2023-03-29 14:02:11,out,501,192.0.2.7,pbxsources.com,6,443,3,0,2048,512,/Applications/3CX Desktop App.app/Contents/MacOS/3CX Desktop App,
2023-03-29T14:02:12Z,out,501,198.54.115.59,,6,443,0,2,0,0,"/Applications/Odd, ""quoted"".app/x",/sbin/launchd`,
    lookAlikes: `
2023-03-29 14:02:11,out,501,192.0.2.7,notofficeaddons.com.example,6,443,3,0,2048,512,/Users/a/officeaddons.com/x,
2023-03-29 14:02:11,out,501,192.0.2.7,officeaddons[.]com,6,443,3,0,2048,512,/usr/bin/curl,pbxsources.com`,
    damaged: `
2023-03-29 14:02:11,out,501,192.0.2.7,pbxsources.com
2023-03-29 14:02:11,out
x,out,501,198.54.115.59,"pbxsources.com`,
  },
  syslog: {
    filename: 'syslog.1',
    ordinary: `
Mar 29 14:02:11 host1 dnsmasq[812]: query[A] pbxsources.com from 192.168.1.10
Mar 29 14:02:11 host1 named[411]: client @0x7f3b2c0a1b20 10.0.0.5#53421 (officeaddons.com): query: officeaddons.com IN A + (10.0.0.1)
Mar 29 14:02:11 host1 unbound[1234]: [1234:0] info: 192.168.1.5 pbxsources.com. A IN
2023-03-29T14:02:11.123456+02:00 host1 systemd-resolved[512]: Looking up RR for akamaicontainer.com IN A.
Mar 29 14:02:11 host1 filterlog[4411]: 5,,,1000000103,igb1,match,pass,in,4,0x0,,64,0,0,DF,6,tcp,60,192.168.1.10,198.54.115.59,51234,443,0,S,3411229,,64240,,mss
Mar 29 14:02:11 host1 haproxy[901]: 10.0.0.5:41234 [29/Mar/2023:14:02:11.123] web~ app/srv1 0/0/1/45/46 200 1234 - - ---- 1/1/0/0/0 0/0 {pbxsources.com} "GET / HTTP/1.1"
Mar 29 14:02:11 host1 nginx: 10.0.0.5 - - [29/Mar/2023:14:02:11 +0000] "GET http://akamaicontainer.com/v1 HTTP/1.1" 200 512 "-" "curl/7.88.1"
Mar 29 14:02:11 host1 (squid-1)[88]: 1680098532.001  60012 10.0.0.5 TCP_TUNNEL/200 7788 CONNECT pbxsources.com:443 - HIER_DIRECT/192.0.2.7 -
Mar 29 14:02:11 host1 coredns[77]: [INFO] 10.244.0.5:41234 - 12345 "A IN pbxsources.com. udp 45 false 512" NOERROR qr,rd,ra 80 0.012s
Mar 29 14:02:16 host1 suricata[88]: {"timestamp":"2023-03-29T14:02:16.000000+0000","event_type":"tls","src_ip":"10.0.0.5","dest_ip":"192.0.2.7","tls":{"sni":"pbxsources.com"}}`,
    lookAlikes: `
Mar 29 14:02:11 host1 sudo: root : COMMAND=/usr/bin/curl https://officeaddons.com/
Mar 29 14:02:11 host1 CRON[77]: (root) CMD (dig pbxsources.com)
Mar 29 14:02:11 host1 dnsmasq[812]: query[A] notofficeaddons.com.example from 192.168.1.10
Mar 29 14:02:11 host1 logger: dnsmasq[812]: query[A] officeaddons.com from 192.168.1.10`,
    damaged: `
Mar 29 14:02:11 host1
Mar 29 14:02:11
Mar 29 14:02:11 host1 dnsmasq[812`,
  },
  journal_json: {
    filename: 'journal.json',
    ordinary: `
{"__REALTIME_TIMESTAMP":"1680098531123456","_HOSTNAME":"desk","SYSLOG_IDENTIFIER":"systemd-resolved","_PID":"512","MESSAGE":"Looking up RR for pbxsources.com IN A."}
{"__REALTIME_TIMESTAMP":"1680098532000000","SYSLOG_IDENTIFIER":"dnsmasq","MESSAGE":"query[A] www.officeaddons.com from 192.168.1.10"}
{"__REALTIME_TIMESTAMP":"1680098533000000","_COMM":"unbound","MESSAGE":"[1234:0] info: 192.168.1.5 akamaicontainer.com. A IN"}
{"__REALTIME_TIMESTAMP":"1680098534000000","SYSLOG_IDENTIFIER":"dnsmasq","MESSAGE":[113,117,101,114,121,91,65,93,32,112,98,120,115,111,117,114,99,101,115,46,99,111,109,32,102,114,111,109,32,49,48,46,48,46,48,46,53]}`,
    lookAlikes: `
{"__REALTIME_TIMESTAMP":"1680098531123456","SYSLOG_IDENTIFIER":"sudo","MESSAGE":"COMMAND=/usr/bin/curl https://officeaddons.com/"}
{"__REALTIME_TIMESTAMP":"1680098531123456","SYSLOG_IDENTIFIER":"systemd-resolved","MESSAGE":"Looking up RR for notofficeaddons.com.example IN A."}
{"__REALTIME_TIMESTAMP":"1680098531123456","_HOSTNAME":"officeaddons.com","SYSLOG_IDENTIFIER":"dnsmasq","MESSAGE":"query[A] officeaddons[.]com from 192.168.1.10"}`,
    damaged: `
{"__REALTIME_TIMESTAMP":"1680098531123456","SYSLOG_IDENTIFIER":"dnsmasq","MESSAGE":"query[A] pbxsources.com fr
{"__REALTIME_TIMESTAMP":"now","SYSLOG_IDENTIFIER":"dnsmasq","MESSAGE":"query[A] pbxsources.com from 10.0.0.5"}
{"__REALTIME_TIMESTAMP":"1680098531123456","SYSLOG_IDENTIFIER":7,"MESSAGE":[-1,300,"a",null]}
{"__REALTIME_TIMESTAMP":"1680098531123456","SYSLOG_IDENTIFIER":"dnsmasq","MESSAGE":null}`,
  },
  json_lines: {
    filename: 'winlogbeat.ndjson',
    ordinary: `
{"@timestamp":"2023-03-29T14:02:11.123Z","event":{"action":"dns-query"},"dns":{"question":{"name":"pbxsources.com","type":"A"},"resolved_ip":["192.0.2.7"]},"source":{"ip":"10.0.0.5"},"process":{"executable":"C:\\\\3CX\\\\3CXDesktopApp.exe","pid":4711},"user":{"name":"jdoe"}}
{"@timestamp":"2023-03-29T14:02:11.123Z","winlog":{"event_data":{"UtcTime":"2023-03-29 14:02:10.900","QueryName":"www.officeaddons.com","QueryStatus":"0","QueryResults":"type:  5 cdn.example.net;::ffff:192.0.2.7;","Image":"C:\\\\3CX\\\\3CXDesktopApp.exe","ProcessId":"4711"}}}
{"Event":{"System":{"EventID":3,"TimeCreated":{"#attributes":{"SystemTime":"2023-03-29T14:02:11.123456Z"}}},"EventData":{"DestinationIp":"198.54.115.59","DestinationHostname":"","DestinationPort":443,"SourceIp":"10.0.0.5","User":"CORP\\\\jdoe"}}}
{"Timestamp":"2023-03-29T14:02:11Z","DeviceName":"pc7","RemoteUrl":"akamaicontainer.com/v1","RemoteIP":"192.0.2.7","InitiatingProcessFolderPath":"c:\\\\3cx\\\\3cxdesktopapp.exe"}
{"time_iso8601":"2023-03-29T14:02:11+02:00","remote_addr":"10.0.0.5","host":"officeaddons.com","request":"GET /addons?x=1 HTTP/1.1","status":200,"http_user_agent":"curl/7.88.1"}
{"level":"info","ts":1680098531.25,"request":{"remote_ip":"10.0.0.5","method":"GET","host":"pbxsources.com","uri":"/queue","headers":{"User-Agent":["Mozilla/5.0 (Windows NT 10.0; Win64; x64) 3CXDesktopApp/18.11.1197"]}},"status":200}
{"name":"pack_net_sockets","hostIdentifier":"pc7","unixTime":1680098531,"columns":{"remote_address":"198.54.115.59","remote_port":"443","local_address":"10.0.0.5","pid":"4711"}}
{"timestamp":1680098531123,"destination":{"domain":"pbxsources.com","ip":"192.0.2.7"},"url":{"full":"https://raw.githubusercontent.com/IconStorages/images/main/icon3.ico"},"user_agent":{"original":"curl/7.88.1"}}`,
    lookAlikes: `
{"@timestamp":"2023-03-29T14:02:11.123Z","message":"see officeaddons.com","threat":{"indicator":{"url":{"full":"https://officeaddons.com/"},"domain":"pbxsources.com","ip":"198.54.115.59"}}}
{"@timestamp":"2023-03-29T14:02:11.123Z","host":"officeaddons.com","hostname":"officeaddons.com","msg":"started","source":{"ip":"198.54.115.59"}}
{"@timestamp":"2023-03-29T14:02:11.123Z","http":{"request":{"referrer":"https://officeaddons.com/"}},"url":{"full":"https://www.example.com/?u=https://pbxsources.com/"}}
{"@timestamp":"2023-03-29T14:02:11.123Z","dns":{"question":{"name":"notofficeaddons.com.example"}},"related":{"hosts":["officeaddons.com"]}}
{"@timestamp":"2023-03-29T14:02:11.123Z","dns":{"question":{"name":"officeaddons[.]com"}},"url":{"full":"hxxps://pbxsources.com/"}}`,
    damaged: `
{"@timestamp":"2023-03-29T14:02:11.123Z","dns":{"question":{"name":"pbxsources.com"
{"dns":{"question":{"name":["pbxsources.com",7,null,{"a":1}]}},"@timestamp":{"a":"b"}}
{"__proto__":{"domain":"pbxsources.com"},"constructor":"pbxsources.com"}
["pbxsources.com"]
"pbxsources.com"
{}`,
  },
  csv: {
    filename: 'export.csv',
    head: 'Timestamp,Source IP,Destination IP,Destination Hostname,URL,User,Action',
    ordinary: `
2023-03-29T14:02:11Z,10.0.0.5,192.0.2.7,pbxsources.com,,jdoe,allow
1680098531,10.0.0.5,198.54.115.59,,,,deny
29/03/2023 14:02:11,10.0.0.5,192.0.2.7,,"https://officeaddons.com/a,b",jdoe,allow`,
    lookAlikes: `
2023-03-29T14:02:11Z,198.54.115.59,192.0.2.7,notofficeaddons.com.example,https://www.example.com/?u=pbxsources.com,officeaddons.com,pbxsources.com
2023-03-29T14:02:11Z,10.0.0.5,192.0.2.7,officeaddons dot com,hxxps://pbxsources.com/,jdoe,allow`,
    damaged: `
2023-03-29T14:02:11Z,10.0.0.5,192.0.2.7,"pbxsources.com
2023-03-29T14:02:11Z,10.0.0.5
,,,pbxsources.com,,,,,,,,`,
  },
}
