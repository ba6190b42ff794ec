-- title: The app in any release
-- description: One row per installation, present, removed or served, whether the release is compromised or not.
-- platforms: windows, darwin, linux
-- schedule: every 86400 s
-- mode: snapshot
-- level: informational
-- references: https://www.3cx.com/blog/news/desktopapp-security-alert-updates/
-- false positives: None: this is an inventory.
-- resolution: None needed; affected = 1 is what threecx-hunt reports.
-- budget: 200 rows, 60 s
-- attack: none
SELECT platform, path, version, affected, state, user, scope, source, fixed_version, first_seen, last_seen
FROM threecx_installs;
