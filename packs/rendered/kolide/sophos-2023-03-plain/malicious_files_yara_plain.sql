-- Malicious files by what is inside, with size, digest, times and owner
-- Platforms: windows, darwin, linux
-- FAIL: One row per file of the app, or on a phone system, that a YARA rule knows: loader, payload carrier, icon with an address, second stage of macOS.
-- What to do: Isolate the host, uninstall the app, use the web client (PWA), rotate every credential that a browser of this host had stored.
SELECT
  CASE
    WHEN hits.is_hit = 1 THEN 'FAIL'
    ELSE 'PASS'
  END AS KOLIDE_CHECK_STATUS,
  hits."path",
  hits."filename",
  hits."size",
  hits."sha256",
  hits."matches",
  hits."created",
  hits."modified",
  hits."changed",
  hits."uid",
  hits."owner"
FROM (SELECT 1 AS one) AS always
LEFT JOIN (
SELECT 1 AS is_hit, found.* FROM (
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
  AND y.sigrule = 'rule threecx_marker_search { strings: $indexed = { 41 80 7C 00 FD FE 75 ?? 41 80 7C 00 FE ED 75 ?? 41 80 7C 00 FF FA 75 ?? 41 80 3C 00 CE } $based = { 80 78 ?? FE 75 ?? 80 78 ?? ED 75 ?? 80 38 FA 75 ?? 80 78 ?? CE } condition: uint16(0) == 0x5a4d and any of them } rule threecx_loader_event { strings: $event = "AVMonitorRefreshEvent" wide $carrier = "d3dcompiler_" wide nocase condition: uint16(0) == 0x5a4d and $event and $carrier } rule threecx_rc4_key { strings: $key = "3jB(2bsG#@c7" ascii wide condition: (uint16(0) == 0x5a4d or uint32be(0) == 0xd0cf11e0) and $key } rule threecx_carrier_marker { strings: $marker = { FE ED FA CE FE ED FA CE } condition: uint16(0) == 0x5a4d and ( $marker in (filesize \ 2..filesize) or (uint16(uint32(0x3c) + 24) == 0x20b and uint32(uint32(0x3c) + 168) > 0 and $marker in (uint32(uint32(0x3c) + 168)..filesize)) or (uint16(uint32(0x3c) + 24) == 0x10b and uint32(uint32(0x3c) + 152) > 0 and $marker in (uint32(uint32(0x3c) + 152)..filesize)) ) } rule threecx_icon_trailer { strings: $end = { 49 45 4E 44 AE 42 60 82 24 } condition: (uint32be(0) == 0x00000100 or uint32be(0) == 0x89504e47) and filesize < 1048576 and for any i in (1..#end) : ( filesize - @end[i] > 64 and filesize - @end[i] < 65536 and for all j in (9..63) : ( uint8(@end[i] + j) == 0x2b or uint8(@end[i] + j) == 0x2f or uint8(@end[i] + j) == 0x3d or (uint8(@end[i] + j) >= 0x30 and uint8(@end[i] + j) <= 0x39) or (uint8(@end[i] + j) >= 0x41 and uint8(@end[i] + j) <= 0x5a) or (uint8(@end[i] + j) >= 0x61 and uint8(@end[i] + j) <= 0x7a) ) ) } rule threecx_iconic_loader { strings: $icons = "raw.githubusercontent.com/IconStorages/images/main/icon" ascii wide nocase $id = "__tutma" ascii wide $other = "__tutmc" ascii wide $cipher = "ChainingModeGCM" wide condition: uint16(0) == 0x5a4d and ($icons or ($id and $other and $cipher)) } rule threecx_iconic_stealer { strings: $chromium = "SELECT url, title FROM urls ORDER BY id DESC LIMIT 500" ascii wide $firefox = "SELECT url, title FROM moz_places ORDER BY id DESC LIMIT 500" ascii wide $app = "\\3CXDesktopApp\\config.json" ascii wide $host = "HostName: %s" ascii wide condition: uint16(0) == 0x5a4d and (($chromium and $firefox) or ($app and ($chromium or $firefox or $host))) } rule threecx_macos_loader { strings: $cookie = "3cx_auth_token_content=%s" xor(0x7a) $folder = "/Library/Application Support/3CX Desktop App/" xor(0x7a) $version = "/System/Library/CoreServices/SystemVersion.plist" xor(0x7a) $storage = "%s/.main_storage" $agent = "%s/UpdateAgent" condition: (uint32(0) == 0xfeedfacf or uint32(0) == 0xfeedface or uint32be(0) == 0xfeedfacf or uint32be(0) == 0xfeedface or uint32be(0) == 0xcafebabe or uint32be(0) == 0xcafebabf) and (2 of ($cookie, $folder, $version) or (any of ($cookie, $folder) and any of ($storage, $agent))) } rule threecx_macos_agent { strings: $cookie = "3cx_auth_id=%s;3cx_auth_token_content=%s;__tutma=true" $storage = ".main_storage" $parse = "parse_json_config" $encode = "enc_text" $send = "send_post" $identifier = "payload2-55554944839216049d683075bc3f5a8628778bb8" condition: (uint32(0) == 0xfeedfacf or uint32(0) == 0xfeedface or uint32be(0) == 0xfeedfacf or uint32be(0) == 0xfeedface or uint32be(0) == 0xcafebabe or uint32be(0) == 0xcafebabf) and ($identifier or ($cookie and 2 of ($storage, $parse, $encode, $send))) }'
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
  )
) AS found
) AS hits ON 1 = 1;
