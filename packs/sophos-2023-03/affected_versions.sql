-- title: Affected releases, running and installed
-- description: One row per process of an affected release and per installation of one.
-- platforms: windows, darwin, linux
-- schedule: every 3600 s
-- mode: differential
-- level: high
-- references: https://news.sophos.com/en-us/2023/03/29/3cx-dll-sideloading-attack/
-- false positives: None known: the releases are those that the vendor named.
-- resolution: Uninstall the release, then look for later stages.
-- budget: 200 rows, 120 s
-- attack: T1195.002

-- The printed query lists every release of the app that runs, the repaired ones too: it filters by name, not by version.
SELECT 'running' AS state, version, path, user, pid, start_time AS first_seen
FROM threecx_processes
WHERE affected = 1
UNION ALL
SELECT state, version, path, user, NULL, first_seen
FROM threecx_installs
WHERE affected = 1;
