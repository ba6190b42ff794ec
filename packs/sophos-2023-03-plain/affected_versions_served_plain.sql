-- title: Affected releases that a 3CX phone system hands out
-- description: One row per installer or update package of an affected release in the folders that the phone system serves to its users.
-- platforms: linux
-- schedule: every 3600 s
-- mode: differential
-- level: high
-- references: https://news.sophos.com/en-us/2023/03/29/3cx-dll-sideloading-attack/
-- false positives: None known: the releases are those that the vendor named.
-- resolution: Remove the files, and look for the release on every host that this phone system serves.
-- budget: 50 rows, 20 s
-- attack: T1195.002

-- The printed query asks for processes of Windows. The app came from here, and no process of it ever runs on this host.
-- Windows and macOS have releases of their own in the list; a package without a version in its name is not seen.
SELECT 'served' AS state, filename, path, size, datetime(mtime, 'unixepoch') AS modified
FROM file
WHERE path LIKE '/var/lib/3cxpbx/%/Data/Http/electron/%/3CXDesktopApp-%'
  AND (
    (directory LIKE '%/windows' AND (
      filename LIKE '3CXDesktopApp-18.12.407.%' OR filename LIKE '3CXDesktopApp-18.12.407-%'
      OR filename LIKE '3CXDesktopApp-18.12.416.%' OR filename LIKE '3CXDesktopApp-18.12.416-%'
    ))
    OR (directory LIKE '%/osx' AND (
      filename LIKE '3CXDesktopApp-18.11.1213.%' OR filename LIKE '3CXDesktopApp-18.11.1213-%'
      OR filename LIKE '3CXDesktopApp-18.12.402.%' OR filename LIKE '3CXDesktopApp-18.12.402-%'
      OR filename LIKE '3CXDesktopApp-18.12.407.%' OR filename LIKE '3CXDesktopApp-18.12.407-%'
      OR filename LIKE '3CXDesktopApp-18.12.416.%' OR filename LIKE '3CXDesktopApp-18.12.416-%'
    ))
  );
