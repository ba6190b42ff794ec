-- Malicious files by digest, with size, times and owner
-- Platforms: windows, darwin, linux
-- FAIL: One row per library of the app, or installer in a Downloads folder or on a phone system, with a digest of the article; and per library that could not be hashed.
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
  hits."component",
  hits."finding",
  hits."created",
  hits."modified",
  hits."changed",
  hits."uid",
  hits."owner"
FROM (SELECT 1 AS one) AS always
LEFT JOIN (
SELECT 1 AS is_hit, found.* FROM (
-- The printed query looks in the folder of one user's install alone, and its WHERE on the digest of a LEFT JOIN drops
-- every file that could not be hashed. Here: installs for all users, versioned folders, macOS, installers, also those that
-- a phone system hands out; and a library without a digest is a row of its own.
-- Not seen: other drives, moved profiles, rebuilt libraries with another digest; those are for malicious_files_yara_plain.
WITH bad(sha256, component) AS (VALUES
  ('11be1803e2e307b647a8a7e02d128335c448ff741bf06bf52b332e0bbf423b03', 'd3dcompiler_47.dll with a payload in its certificate table'),
  ('4e08e4ffc699e0a1de4a5225a0b4920933fbb9cf123cde33e1674fde6d61444f', 'icon13.ico with a C2 address'),
  ('59e1edf4d82fae4978e97512b0331b7eb21dd4b838b850ba46794d9c7a2c0983', 'installer 3CXDesktopApp-18.12.416.msi'),
  ('7986bbaee8940da11ce089383521ab420c443ab7b15ed42aed91fd31ce833896', 'trojanised ffmpeg.dll'),
  ('a64fa9f1c76457ecc58402142a8728ce34ccba378c17318b3340083eeb7acc67', 'trojanised libffmpeg.dylib'),
  ('aa124a4b4df12b34e74ee7f6c683b2ebec4ce9a8edcf9be345823b4fdcf5d868', 'installer 3CXDesktopApp-18.12.407.msi'),
  ('aa4e398b3bd8645016d8090ffc77d15f926a8e69258642191deb4e68688ff973', 'SUDDENICON DLL, dumped'),
  ('c485674ee63ec8d4e8fde9800788175a8b02d3f9416d0e763360fff7f8eb4e02', 'trojanised ffmpeg.dll, signed by 3CX Ltd'),
  ('e6bbc33815b9f20b0cf832d7401dd893fbc467c800728b5891336706da0dbcec', 'installer 3CXDesktopApp-18.12.416.dmg / 3cxdesktopapp-latest.dmg')
)
SELECT f.path, f.filename, f.size, h.sha256, bad.component,
  CASE WHEN bad.sha256 IS NULL THEN 'not hashed' ELSE 'malicious' END AS finding,
  datetime(nullif(f.btime, 0), 'unixepoch') AS created,
  datetime(f.mtime, 'unixepoch') AS modified,
  datetime(f.ctime, 'unixepoch') AS changed,
  f.uid, u.username AS owner
FROM file AS f
LEFT JOIN hash AS h ON h.path = f.path
LEFT JOIN bad ON bad.sha256 = lower(h.sha256)
LEFT JOIN users AS u ON u.uid = f.uid
WHERE (
  f.path LIKE 'C:\Users\%\AppData\Local\Programs\3CXDesktopApp\%\%.dll'
  OR f.path LIKE 'C:\Users\%\AppData\Local\3CXDesktopApp\%\%.dll'
  OR f.path LIKE 'C:\Program Files\3CXDesktopApp\%\%.dll'
  OR f.path LIKE 'C:\Program Files (x86)\3CXDesktopApp\%\%.dll'
  OR f.path LIKE 'C:\Users\%\Downloads\%.msi'
  OR f.path LIKE '/Applications/3CX Desktop App.app/Contents/Frameworks/Electron Framework.framework/Versions/A/Libraries/%.dylib'
  OR f.path LIKE '/Users/%/Applications/3CX Desktop App.app/Contents/Frameworks/Electron Framework.framework/Versions/A/Libraries/%.dylib'
  OR f.path LIKE '/Users/%/Downloads/%.dmg'
  OR f.path LIKE '/var/lib/3cxpbx/%/Data/Http/electron/%/%'
)
  AND (
    bad.sha256 IS NOT NULL
    OR (
      coalesce(h.sha256, '') = ''
      AND (f.filename IN ('ffmpeg.dll', 'libffmpeg.dylib') OR f.filename LIKE 'd3dcompiler%.dll')
    )
  )
) AS found
) AS hits ON 1 = 1;
