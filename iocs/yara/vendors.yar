// Tools of the intrusions at the vendors, and of the later stages that few victims received.

rule threecx_poolrat {
    meta:
        number = 1
        description = "Talks to its server in forms with this boundary."
        component = "POOLRAT"
        stage = "vendor_intrusion"
        level = "critical"
        references = "https://www.mandiant.com/resources/blog/3cx-software-supply-chain-compromise"
        does_not_match = "other programs that send forms; the boundary is its own"
        needles = "2d2d4e39644c667178484e5555773871615550716767565470582d"
        kinds = "macho,elf,pe"
        max_size = 67108864
    strings:
        $boundary = "--N9dLfqxHNUUw8qaUPqggVTpX-"
        $uid = "name=\"uid\""
        $session = "name=\"session\""
        $action = "name=\"action\""
        $token = "name=\"token\""
    condition:
        (uint16(0) == 0x5a4d or uint32be(0) == 0x7f454c46 or uint32be(0) == 0xcafebabe or uint32(0) == 0xfeedfacf or uint32(0) == 0xfeedface)
        and $boundary and 2 of ($uid, $session, $action, $token)
}

rule threecx_veiledsignal {
    meta:
        number = 2
        description = "Speaks to its injected part through a pipe named like one of a browser."
        component = "VEILEDSIGNAL"
        platform = "windows"
        stage = "vendor_intrusion"
        level = "critical"
        references = "https://www.mandiant.com/resources/blog/3cx-software-supply-chain-compromise"
        does_not_match = "browsers and their native messaging hosts, which use other names"
        needles = "6765636b6f2e6e61746976654d6573736167696e67,6700650063006b006f002e006e00610074006900760065004d006500730073006100670069006e006700"
        kinds = "pe"
        max_size = 16777216
    strings:
        $pipe = "\\\\.\\pipe\\gecko.nativeMessaging" ascii wide
        $agent = "Chrome/95.0.4638.54 Safari/537.36 Edg/95.0.1020.40" ascii wide
        $accept = "application/json, text/javascript, */*; q=0.01" ascii wide
        $cookie = "__tutma" ascii wide
    condition:
        uint16(0) == 0x5a4d and $pipe and any of ($agent, $accept, $cookie)
}

rule threecx_veiledsignal_dropper {
    meta:
        number = 3
        description = "Marker and key of the dropper inside the X_TRADER installer."
        component = "VEILEDSIGNAL dropper"
        platform = "windows"
        stage = "vendor_intrusion"
        level = "high"
        references = "https://www.mandiant.com/resources/blog/3cx-software-supply-chain-compromise"
        does_not_match = "files with only one of the two, which chance can make"
        needles = "74f239dae5cf"
        kinds = "pe"
        max_size = 209715200
    strings:
        $marker = { 5E DA F3 76 }
        $key = { 74 F2 39 DA E5 CF }
    condition:
        uint16(0) == 0x5a4d and $marker and $key
}

rule threecx_gopuram {
    meta:
        number = 4
        description = "Builds the path where its encrypted shellcode lies among registry transaction logs."
        component = "Gopuram"
        platform = "windows"
        stage = "later_stage"
        level = "critical"
        references = "https://securelist.com/gopuram-backdoor-deployed-through-3cx-supply-chain-attack/109344/"
        does_not_match = "Windows itself, which never formats this path"
        needles = "2e5478522e302e7265677472616e732d6d73,2e005400780052002e0030002e007200650067007400720061006e0073002d006d007300"
        kinds = "pe"
        max_size = 33554432
    strings:
        $path = "config\\TxR\\%s.TxR.0.regtrans-ms" ascii wide nocase
    condition:
        uint16(0) == 0x5a4d and $path
}

rule threecx_gopuram_module_check {
    meta:
        number = 5
        description = "Compares module names by a checksum of its own."
        component = "Gopuram"
        platform = "windows"
        stage = "later_stage"
        level = "high"
        references = "https://stairwell.com/resources/threat-report-3cx/"
        does_not_match = "programs with one of the numbers"
        needles = "25a387de"
        kinds = "pe"
        max_size = 33554432
    strings:
        $polynomial = { 25 A3 87 DE }
        $module = { B8 7D CB 38 }
    condition:
        uint16(0) == 0x5a4d and all of them
}
