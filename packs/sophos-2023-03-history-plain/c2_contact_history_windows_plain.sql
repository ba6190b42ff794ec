-- title: Addresses of the article in the history of browsers on Windows
-- description: One row per visited or downloaded address that is a C2 domain of the article, lies below one, or is one of the icons. Chrome, Edge, Brave and others of their kind, and Firefox.
-- platforms: windows
-- schedule: every 14400 s
-- mode: differential_ignore_removals
-- level: high
-- references: https://news.sophos.com/en-us/2023/03/29/3cx-dll-sideloading-attack/, https://osquery.readthedocs.io/en/stable/deployment/configuration/
-- false positives: An analyst who looked an address up; the domains were taken over after the attack.
-- resolution: Ask who opened the address; with an affected release on the host, treat it as compromised.
-- budget: 100 rows, 60 s
-- attack: T1071.001, T1102.001

-- The printed query compares with defanged text that matches nothing, and reads a telemetry that only its vendor has. A
-- browser's history is what stays on the host; osquery reads it through tables of auto_table_construction.json.
-- Here whole labels of the host are compared, and the shared code host counts with the folder of the icons alone.
-- Not seen: private windows, deleted histories, Opera, and the malware's own requests, which no browser made.
WITH c2(domain) AS (VALUES
  ('akamaicontainer.com'),
  ('akamaitechcloudservices.com'),
  ('azuredeploystore.com'),
  ('azureonlinecloud.com'),
  ('azureonlinestorage.com'),
  ('dunamistrd.com'),
  ('glcloudservice.com'),
  ('journalide.org'),
  ('msedgepackageinfo.com'),
  ('msstorageazure.com'),
  ('msstorageboxes.com'),
  ('officeaddons.com'),
  ('officestoragebox.com'),
  ('pbxcloudeservices.com'),
  ('pbxphonenetwork.com'),
  ('pbxsources.com'),
  ('qwepoi123098.com'),
  ('sbmsa.wiki'),
  ('sourceslabs.com'),
  ('visualstudiofactory.com'),
  ('zacharryblogs.com')
),
seen AS (
  SELECT 'chromium' AS store, url, visit_count AS visits, CAST(last_visit_time AS INTEGER) / 1000000 - 11644473600 AS last_visit, path
  FROM atc_threecx_chromium_windows
  UNION ALL
  SELECT 'chromium download', url, NULL, NULL, path FROM atc_threecx_chromium_downloads_windows
  UNION ALL
  SELECT 'firefox', url, visit_count, CAST(last_visit_date AS INTEGER) / 1000000, path
  FROM atc_threecx_firefox_windows
),
authorities AS (
  SELECT *, replace(replace(substr(url, instr(url, '://') + 3), '?', '/'), '#', '/') || '/' AS rest
  FROM seen
),
names AS (
  SELECT *, substr(rest, instr(substr(rest, 1, instr(rest, '/')), '@') + 1, instr(rest, '/')) AS name
  FROM authorities
),
hosts AS (
  SELECT *, rtrim(lower(substr(name, 1, min(instr(name || '/', '/'), instr(name || ':', ':')) - 1)), '.') AS host
  FROM names
)
SELECT h.store, h.url, coalesce(c2.domain, 'icons on the shared code host') AS indicator, h.visits,
  datetime(h.last_visit, 'unixepoch') AS last_visit, h.path AS source_path
FROM hosts AS h
LEFT JOIN c2 ON h.host = c2.domain OR h.host LIKE '%.' || c2.domain
WHERE c2.domain IS NOT NULL OR lower(h.url) LIKE 'https://raw.githubusercontent.com/iconstorages/images/main/%';
