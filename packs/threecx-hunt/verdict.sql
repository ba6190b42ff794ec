-- title: This host in one row
-- description: The verdict over everything above, with its reasons; unknown where not everything could be examined.
-- platforms: windows, darwin, linux
-- schedule: every 3600 s
-- mode: differential
-- level: informational
-- references: https://news.sophos.com/en-us/2023/03/29/3cx-dll-sideloading-attack/
-- false positives: Not a finding by itself: clean is a row too. Watch for a change away from clean.
-- resolution: docs/incident-response.md says what each verdict means; reasons names what it rests on.
-- budget: 1 row, 120 s
-- attack: none
SELECT verdict, level, stage, reasons, artifacts, c2_hits, installs, processes, executions, scan_complete,
  indicators_version
FROM threecx_verdict;
