// The trojanised ffmpeg.dll and the library that carries its payload, by code and data; sizes and digests do not matter.

rule threecx_marker_search {
    meta:
        number = 1
        description = "Compares byte by byte with the marker of the carrier, in one of the two published forms."
        component = "trojanised ffmpeg.dll"
        platform = "windows"
        stage = "loader"
        level = "critical"
        references = "https://research.openanalysis.net/3cx/northkorea/apt/2023/03/30/3cx-malware.html"
        does_not_match = "programs that compare with the marker as one number, such as readers of Mach-O files"
        needles = "41807c00fdfe75,8038fa75"
        kinds = "pe"
        max_size = 16777216
    strings:
        $indexed = { 41 80 7C 00 FD FE 75 ?? 41 80 7C 00 FE ED 75 ?? 41 80 7C 00 FF FA 75 ?? 41 80 3C 00 CE }
        $based = { 80 78 ?? FE 75 ?? 80 78 ?? ED 75 ?? 80 38 FA 75 ?? 80 78 ?? CE }
    condition:
        uint16(0) == 0x5a4d and any of them
}

rule threecx_loader_event {
    meta:
        number = 2
        description = "The named event by which the loader runs once, and the name of its carrier."
        component = "trojanised ffmpeg.dll"
        platform = "windows"
        stage = "loader"
        level = "high"
        references = "https://research.openanalysis.net/3cx/northkorea/apt/2023/03/30/3cx-malware.html"
        does_not_match = "a media library without the event; text that quotes it"
        needles = "410056004d006f006e00690074006f00720052006500660072006500730068004500760065006e007400"
        kinds = "pe"
        max_size = 16777216
    strings:
        $event = "AVMonitorRefreshEvent" wide
        $carrier = "d3dcompiler_" wide nocase
    condition:
        uint16(0) == 0x5a4d and $event and $carrier
}

rule threecx_rc4_key {
    meta:
        number = 3
        description = "The key of the payload in a program."
        component = "trojanised ffmpeg.dll"
        platform = "windows"
        stage = "loader"
        level = "high"
        references = "https://research.openanalysis.net/3cx/northkorea/apt/2023/03/30/3cx-malware.html"
        does_not_match = "rules, scripts and reports, which are no programs"
        needles = "336a42283262734723406337,33006a004200280032006200730047002300400063003700"
        kinds = "pe,ole"
        max_size = 209715200
    strings:
        $key = "3jB(2bsG#@c7" ascii wide
    condition:
        (uint16(0) == 0x5a4d or uint32be(0) == 0xd0cf11e0) and $key
}

rule threecx_carrier_marker {
    meta:
        number = 4
        description = "The doubled marker in the certificate table of a program, or near its end, where the carrier has its payload."
        component = "d3dcompiler_47.dll with payload"
        platform = "windows"
        stage = "payload_carrier"
        level = "high"
        references = "https://www.elastic.co/security-labs/elastic-users-protected-from-suddenicon-supply-chain-attack"
        does_not_match = "a single marker, which is the magic of a Mach-O file"
        needles = "feedfacefeedface"
        kinds = "pe"
        max_size = 67108864
    strings:
        $marker = { FE ED FA CE FE ED FA CE }
    condition:
        uint16(0) == 0x5a4d and (
            $marker in (filesize \ 2..filesize)
            or (uint16(uint32(0x3c) + 24) == 0x20b and uint32(uint32(0x3c) + 168) > 0 and $marker in (uint32(uint32(0x3c) + 168)..filesize))
            or (uint16(uint32(0x3c) + 24) == 0x10b and uint32(uint32(0x3c) + 152) > 0 and $marker in (uint32(uint32(0x3c) + 152)..filesize))
        )
}

rule threecx_vendor_certificate {
    meta:
        number = 5
        description = "Signed with the certificate of the affected releases; clean releases of those weeks are too."
        component = "code-signing certificate of 3CX Ltd"
        platform = "windows"
        stage = "loader_host"
        level = "informational"
        status = "context"
        references = "https://www.3cx.com/blog/news/desktopapp-security-alert/"
        does_not_match = "releases from 18.12.425 on, which have another certificate"
        needles = "1b6611df9c9a4d6ecc8ed50c9b917873"
        kinds = "pe"
        max_size = 209715200
    strings:
        $serial = { 02 10 1B 66 11 DF 9C 9A 4D 6E CC 8E D5 0C 9B 91 78 73 }
    condition:
        uint16(0) == 0x5a4d and $serial
}
