-- title: Malicious files of the article, with size, digest, times and owner
-- description: One row per file that is a trojanised library, a payload carrier, an installer or an icon of the attack, wherever the app can be.
-- platforms: windows, darwin, linux
-- schedule: every 3600 s
-- mode: differential
-- level: critical
-- references: https://news.sophos.com/en-us/2023/03/29/3cx-dll-sideloading-attack/
-- false positives: A forensic copy of a file counts as the file.
-- resolution: Isolate the host, uninstall the app, use the web client (PWA), rotate every credential that a browser of this host had stored.
-- budget: 200 rows, 60 s
-- attack: T1195.002, T1574.002, T1027.003

-- The printed query looks in one folder per user and knows four digests; the condition on the joined digest also drops
-- a file that could not be hashed. The table looks in every place of the app and examines structure, not digests alone.
SELECT filename, directory, size, sha256, owner, uid, mode,
  datetime(nullif(btime, 0), 'unixepoch') AS created,
  datetime(mtime, 'unixepoch') AS modified,
  datetime(ctime, 'unixepoch') AS changed,
  component, detection, verdict, matched_by
FROM threecx_artifacts
WHERE verdict = 'malicious';
