-- title: Malicious files by what is inside, with size, digest, times and owner
-- description: One row per file of the app, or on a phone system, that a YARA rule knows: loader, payload carrier, icon with an address, second stage of macOS.
-- platforms: windows, darwin, linux
-- schedule: every 14400 s
-- mode: differential
-- level: critical
-- references: https://news.sophos.com/en-us/2023/03/29/3cx-dll-sideloading-attack/, https://osquery.readthedocs.io/en/stable/deployment/yara/
-- false positives: A forensic copy counts as the file.
-- resolution: Isolate the host, uninstall the app, use the web client (PWA), rotate every credential that a browser of this host had stored.
-- osquery: 5.23.0
-- budget: 50 rows, 120 s
-- attack: T1195.002, T1574.002, T1027.003

-- The printed query knows four digests; a rebuilt library has another one. The rules know code and data that the attack
-- needs, whatever the digest. They stand in the query itself (sigrule), so that nothing has to lie on the host; their one
-- definition is iocs/yara, and the file of the query has their names alone. Before 5.23 osquery calls the table yara; of
-- that name the column sigrule is hidden now, so that one statement cannot be for both.
-- Not seen: other drives, moved profiles; of an installer only what it keeps uncompressed.
SELECT y.path, f.filename, f.size, h.sha256, y.matches,
  datetime(nullif(f.btime, 0), 'unixepoch') AS created,
  datetime(f.mtime, 'unixepoch') AS modified,
  datetime(f.ctime, 'unixepoch') AS changed,
  f.uid, u.username AS owner
FROM yara_file AS y
LEFT JOIN file AS f ON f.path = y.path
LEFT JOIN hash AS h ON h.path = y.path
LEFT JOIN users AS u ON u.uid = f.uid
WHERE y.count > 0
  AND y.sigrule = 'rules: threecx_marker_search, threecx_loader_event, threecx_rc4_key, threecx_carrier_marker, threecx_icon_trailer, threecx_iconic_loader, threecx_iconic_stealer, threecx_macos_loader, threecx_macos_agent'
  AND (
    y.path LIKE 'C:\Users\%\AppData\Local\Programs\3CXDesktopApp\%\%.dll'
    OR y.path LIKE 'C:\Users\%\AppData\Local\Programs\3CXDesktopApp\%\%.ico'
    OR y.path LIKE 'C:\Users\%\AppData\Local\3CXDesktopApp\%\%.dll'
    OR y.path LIKE 'C:\Users\%\AppData\Local\3CXDesktopApp\%\%.ico'
    OR y.path LIKE 'C:\Program Files\3CXDesktopApp\%\%.dll'
    OR y.path LIKE 'C:\Program Files\3CXDesktopApp\%\%.ico'
    OR y.path LIKE 'C:\Program Files (x86)\3CXDesktopApp\%\%.dll'
    OR y.path LIKE 'C:\Program Files (x86)\3CXDesktopApp\%\%.ico'
    OR y.path LIKE '/Applications/3CX Desktop App.app/Contents/Frameworks/Electron Framework.framework/Versions/A/Libraries/%.dylib'
    OR y.path LIKE '/Users/%/Applications/3CX Desktop App.app/Contents/Frameworks/Electron Framework.framework/Versions/A/Libraries/%.dylib'
    OR y.path LIKE '/Users/%/Library/Application Support/3CX Desktop App/%'
    OR y.path LIKE '/var/lib/3cxpbx/%/Data/Http/electron/%/%'
  );
