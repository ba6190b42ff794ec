-- title: Names of the article in the resolver's cache
-- description: One row per name in the cache of the Windows resolver that is a C2 domain of the article or lies below one.
-- platforms: windows
-- schedule: every 600 s
-- mode: differential_ignore_removals
-- level: high
-- references: https://news.sophos.com/en-us/2023/03/29/3cx-dll-sideloading-attack/
-- false positives: An analyst who looked a domain up; the domains were taken over after the attack.
-- resolution: Ask which program looked the name up; with an affected release on the host, treat it as compromised.
-- budget: 100 rows, 10 s
-- attack: T1071.001

-- The printed query compares with '%name[.]com%', defanged text that matches nothing. Here whole labels are compared,
-- so that neither www.name.com is missed nor othername.com is found.
-- Not seen: names that left the cache, macOS, Linux, and the folder on the shared code host, which DNS cannot tell.
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
)
SELECT d.name, d.type, c2.domain AS indicator
FROM dns_cache AS d
JOIN c2 ON lower(rtrim(d.name, '.')) = c2.domain OR lower(rtrim(d.name, '.')) LIKE '%.' || c2.domain;
