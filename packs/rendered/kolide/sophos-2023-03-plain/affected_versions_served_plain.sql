-- Affected releases that a 3CX phone system hands out
-- Platforms: linux
-- FAIL: One row per installer or update package of an affected release in the folders that the phone system serves to its users.
-- What to do: Remove the files, and look for the release on every host that this phone system serves.
SELECT
  CASE
    WHEN hits.is_hit = 1 THEN 'FAIL'
    ELSE 'PASS'
  END AS KOLIDE_CHECK_STATUS,
  hits."state",
  hits."filename",
  hits."path",
  hits."size",
  hits."modified"
FROM (SELECT 1 AS one) AS always
LEFT JOIN (
SELECT 1 AS is_hit, found.* FROM (
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
  )
) AS found
) AS hits ON 1 = 1;
