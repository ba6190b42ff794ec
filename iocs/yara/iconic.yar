// What the carrier of the 3CX compromise unpacks into memory: the loader that reads icons, and the stealer.
// On a disk these are dumps, or copies somebody kept.

rule threecx_iconic_loader {
    meta:
        number = 1
        description = "The second stage for Windows: fetches numbered icons and sends the machine id as a cookie."
        component = "ICONIC loader"
        platform = "windows"
        stage = "memory_payload"
        level = "critical"
        references = "https://www.volexity.com/blog/2023/03/30/3cx-supply-chain-compromise-leads-to-iconic-incident/"
        does_not_match = "text, rules and reports that quote the address or the cookie names"
        needles = "490063006f006e00530074006f0072006100670065007300,5f5f7475746d63"
        kinds = "pe"
        max_size = 16777216
    strings:
        $icons = "raw.githubusercontent.com/IconStorages/images/main/icon" ascii wide nocase
        $id = "__tutma" ascii wide
        $other = "__tutmc" ascii wide
        $cipher = "ChainingModeGCM" wide
    condition:
        uint16(0) == 0x5a4d and ($icons or ($id and $other and $cipher))
}

rule threecx_iconic_stealer {
    meta:
        number = 2
        description = "Reads the newest pages of the browsers and the configuration of the 3CX app."
        component = "ICONIC stealer"
        platform = "windows"
        stage = "stealer"
        level = "critical"
        references = "https://www.volexity.com/blog/2023/03/30/3cx-supply-chain-compromise-leads-to-iconic-incident/"
        does_not_match = "browsers and backup tools, which ask the same tables with other statements"
        needles = "53454c4543542075726c2c207469746c652046524f4d2075726c73204f524445522042592069642044455343204c494d495420353030,5c003300430058004400650073006b0074006f0070004100700070005c0063006f006e006600690067002e006a0073006f006e00"
        kinds = "pe"
        max_size = 16777216
    strings:
        $chromium = "SELECT url, title FROM urls ORDER BY id DESC LIMIT 500" ascii wide
        $firefox = "SELECT url, title FROM moz_places ORDER BY id DESC LIMIT 500" ascii wide
        $app = "\\3CXDesktopApp\\config.json" ascii wide
        $host = "HostName: %s" ascii wide
    condition:
        uint16(0) == 0x5a4d and (($chromium and $firefox) or ($app and ($chromium or $firefox or $host)))
}

rule threecx_jkiss_generator {
    meta:
        number = 3
        description = "The generator that makes keys for icons, as compiled: its start values and its step."
        component = "code of the ICONIC loader or VEILEDSIGNAL"
        platform = "windows"
        stage = "memory_payload"
        level = "high"
        references = "https://www.mandiant.com/resources/blog/3cx-software-supply-chain-compromise"
        does_not_match = "programs with only some of the values; 123456789 alone is in many"
        needles = "7d50bf12"
        kinds = "pe"
        max_size = 33554432
    strings:
        $x = { 15 CD 5B 07 }
        $y = { B1 68 DE 3A }
        $z = { A4 7B 93 02 }
        $multiply = { 7D 50 BF 12 }
        $add = { 87 D6 12 00 }
    condition:
        uint16(0) == 0x5a4d and all of them and for any i in (1..#multiply) : ($add in (@multiply[i]..@multiply[i] + 64))
}

rule threecx_loader_bootstrap {
    meta:
        number = 4
        description = "Position-independent loader of the carrier, unencrypted, with the hash of the export it calls."
        component = "decrypted payload: bootstrap and DLL"
        platform = "windows"
        stage = "memory_payload"
        level = "critical"
        references = "https://www.mandiant.com/resources/blog/3cx-software-supply-chain-compromise"
        does_not_match = "the same loader for other exports, which anybody can build"
        needles = "e800000000594989c84881c1"
        kinds = "pe"
        max_size = 33554432
    strings:
        $start = { E8 00 00 00 00 59 49 89 C8 48 81 C1 [4] BA DA F4 58 F5 }
    condition:
        uint16(0) == 0x5a4d and $start
}
