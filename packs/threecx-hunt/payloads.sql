-- title: Payloads hidden in files
-- description: One row per payload that was decoded: what the carrier hides behind its signature, the address in an icon's trailer, the
--   strings of the macOS loader, the victim's id. Only digests, addresses and fields leave the host.
-- platforms: windows, darwin, linux
-- schedule: every 3600 s
-- mode: differential
-- level: critical
-- references: https://news.sophos.com/en-us/2023/03/29/3cx-dll-sideloading-attack/ https://securelist.com/gopuram-backdoor-deployed-through-3cx-supply-chain-attack/109344/
-- false positives: None known: a payload that decrypts and has its inner structure does not arise by chance.
-- resolution: As for files of the attack; hand urls and next_run to whoever watches the network.
-- budget: 100 rows, 60 s
-- attack: T1027.003, T1140
SELECT path, kind, offset, length, sha256, authenticated, urls, next_run, member, component, stage, verdict
FROM threecx_payloads;
