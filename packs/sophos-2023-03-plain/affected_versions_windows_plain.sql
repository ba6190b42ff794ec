-- title: Affected releases on Windows, running and installed
-- description: One row per process whose file has an affected version, and per installed program of one.
-- platforms: windows
-- schedule: every 3600 s
-- mode: differential
-- level: high
-- references: https://news.sophos.com/en-us/2023/03/29/3cx-dll-sideloading-attack/
-- false positives: None known: the releases are those that the vendor named.
-- resolution: Uninstall the release, then look for later stages.
-- budget: 50 rows, 20 s
-- attack: T1195.002

-- The printed query has no condition on the version: the repaired releases are in its answer too.
-- The first three fields count; Windows may show a fourth. Not seen: programs that other users installed for themselves,
-- unless they run.
SELECT 'running' AS state, p.name, f.product_version AS version, p.path, p.pid
FROM processes AS p
JOIN file AS f ON f.path = p.path
WHERE (lower(p.name) = '3cxdesktopapp.exe' OR lower(f.original_filename) = '3cxdesktopapp.exe')
  AND (f.product_version || '.' LIKE '18.12.407.%' OR f.product_version || '.' LIKE '18.12.416.%')
UNION ALL
SELECT 'installed', name, version, install_location, NULL
FROM programs
WHERE name LIKE '3CX Desktop App%'
  AND (version || '.' LIKE '18.12.407.%' OR version || '.' LIKE '18.12.416.%');
