-- title: Files of the 3CX attack on disk
-- description: One row per file that a published digest, a rule or a structural check points at: the trojanised libraries, the payload
--   carrier, icons with encrypted trailers, installers that hold them, and later stages.
-- platforms: windows, darwin, linux
-- schedule: every 3600 s
-- mode: differential
-- level: critical
-- references: https://news.sophos.com/en-us/2023/03/29/3cx-dll-sideloading-attack/ https://cloud.google.com/blog/topics/threat-intelligence/3cx-software-supply-chain-compromise
-- false positives: A forensic copy of a file counts as the file. A file that is only padded behind its signature is suspicious, not malicious.
-- resolution: Isolate the host, uninstall the app, use the web client (PWA), rotate every credential that a browser of this host had stored.
-- budget: 200 rows, 60 s
-- attack: T1195.002, T1574.002, T1027.003
SELECT path, filename, size, sha256, mtime, owner, platform, component, stage, detection, verdict, level, matched_by,
  version
FROM threecx_artifacts
WHERE verdict IN ('malicious', 'suspicious', 'affected');
