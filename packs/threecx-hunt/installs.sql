-- title: Compromised releases of the app, present, removed or served
-- description: One row per installation of a release that carried the malware, for any user, and per update package of one that a phone
--   system still hands out.
-- platforms: windows, darwin, linux
-- schedule: every 3600 s
-- mode: differential
-- level: high
-- references: https://www.3cx.com/blog/news/desktopapp-security-alert-updates/ https://news.sophos.com/en-us/2023/03/29/3cx-dll-sideloading-attack/
-- false positives: None known: the releases are those that the vendor named.
-- resolution: Uninstall the release; on a phone system remove the update packages; then look for later stages.
-- budget: 100 rows, 60 s
-- attack: T1195.002
SELECT platform, path, version, state, user, scope, source, fixed_version, first_seen, last_seen
FROM threecx_installs
WHERE affected = 1;
