// The icons that the loader fetches: an address, encrypted, behind the last picture.

rule threecx_icon_trailer {
    meta:
        number = 1
        description = "A dollar sign and base64 right behind the last picture of an icon, up to the end of the file."
        component = "icon with a C2 address"
        platform = "windows"
        stage = "dead_drop"
        level = "high"
        references = "https://www.volexity.com/blog/2023/03/30/3cx-supply-chain-compromise-leads-to-iconic-incident/"
        does_not_match = "icons that end with their picture, or have anything else behind it; whether the tag of the address is genuine, only the decoder can tell"
        needles = "49454e44ae42608224"
        kinds = "ico,png"
        max_size = 1048576
    strings:
        $end = { 49 45 4E 44 AE 42 60 82 24 }
    condition:
        (uint32be(0) == 0x00000100 or uint32be(0) == 0x89504e47) and filesize < 1048576
        and for any i in (1..#end) : (
            filesize - @end[i] > 64 and filesize - @end[i] < 65536
            and for all j in (9..63) : (
                uint8(@end[i] + j) == 0x2b or uint8(@end[i] + j) == 0x2f or uint8(@end[i] + j) == 0x3d
                or (uint8(@end[i] + j) >= 0x30 and uint8(@end[i] + j) <= 0x39)
                or (uint8(@end[i] + j) >= 0x41 and uint8(@end[i] + j) <= 0x5a)
                or (uint8(@end[i] + j) >= 0x61 and uint8(@end[i] + j) <= 0x7a)
            )
        )
}
