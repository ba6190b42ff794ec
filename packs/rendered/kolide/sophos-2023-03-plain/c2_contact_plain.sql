-- Names of the article in the resolver's cache
-- Platforms: windows
-- FAIL: One row per name in the cache of the Windows resolver that is a C2 domain of the article or lies below one.
-- What to do: Ask which program looked the name up; with an affected release on the host, treat it as compromised.
SELECT
  CASE
    WHEN hits.is_hit = 1 THEN 'FAIL'
    ELSE 'PASS'
  END AS KOLIDE_CHECK_STATUS,
  hits."name",
  hits."type",
  hits."indicator"
FROM (SELECT 1 AS one) AS always
LEFT JOIN (
SELECT 1 AS is_hit, found.* FROM (
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
JOIN c2 ON lower(rtrim(d.name, '.')) = c2.domain OR lower(rtrim(d.name, '.')) LIKE '%.' || c2.domain
) AS found
) AS hits ON 1 = 1;
