-- title: Affected releases on macOS, running and installed
-- description: One row per bundle of an affected release, with the process that runs it where one does.
-- platforms: darwin
-- schedule: every 3600 s
-- mode: differential
-- level: high
-- references: https://news.sophos.com/en-us/2023/03/29/3cx-dll-sideloading-attack/
-- false positives: None known: the releases are those that the vendor named.
-- resolution: Remove the app, then look for UpdateAgent.
-- budget: 50 rows, 20 s
-- attack: T1195.002

-- The printed query has no condition on the version and asks Windows alone; macOS has releases of its own in the list.
SELECT CASE WHEN p.pid IS NULL THEN 'installed' ELSE 'running' END AS state, a.name, a.bundle_short_version AS version,
  a.path, p.pid
FROM apps AS a
LEFT JOIN processes AS p ON substr(p.path, 1, length(a.path) + 16) = a.path || '/Contents/MacOS/'
WHERE lower(a.bundle_identifier) = 'com.electron.3cx-desktop-app'
  AND a.bundle_short_version IN ('18.11.1213', '18.12.402', '18.12.407', '18.12.416');
