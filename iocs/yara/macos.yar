// The macOS side: the trojanised libffmpeg and the second stage, thin and universal.

rule threecx_macos_loader {
    meta:
        number = 1
        description = "Strings of the loader under its one-byte key, or its file names beside them."
        component = "trojanised libffmpeg.dylib"
        platform = "darwin"
        stage = "loader"
        level = "critical"
        references = "https://objective-see.org/blog/blog_0x73.html"
        does_not_match = "a media library without them; the second stage, which has its own rule"
        needles = "491902251b0f0e12250e15111f14251915140e1f140e475f09,55361318081b0803553b0a0a1613191b0e1315145a290f0a0a15080e55493922"
        kinds = "macho"
        max_size = 67108864
    strings:
        $cookie = "3cx_auth_token_content=%s" xor(0x7a)
        $folder = "/Library/Application Support/3CX Desktop App/" xor(0x7a)
        $version = "/System/Library/CoreServices/SystemVersion.plist" xor(0x7a)
        $storage = "%s/.main_storage"
        $agent = "%s/UpdateAgent"
    condition:
        (uint32(0) == 0xfeedfacf or uint32(0) == 0xfeedface or uint32be(0) == 0xfeedfacf or uint32be(0) == 0xfeedface or uint32be(0) == 0xcafebabe or uint32be(0) == 0xcafebabf) and (2 of ($cookie, $folder, $version) or (any of ($cookie, $folder) and any of ($storage, $agent)))
}

rule threecx_macos_agent {
    meta:
        number = 2
        description = "The second stage: names of its functions and the cookie that it sends."
        component = "UpdateAgent"
        platform = "darwin"
        stage = "macos_second_stage"
        level = "critical"
        references = "https://objective-see.org/blog/blog_0x74.html"
        does_not_match = "the app, which has accounts but not this cookie"
        needles = "3363785f617574685f69643d25733b3363785f617574685f746f6b656e5f636f6e74656e743d2573,7061796c6f6164322d35353535343934343833393231363034396436383330373562633366356138363238373738626238"
        kinds = "macho"
        max_size = 67108864
    strings:
        $cookie = "3cx_auth_id=%s;3cx_auth_token_content=%s;__tutma=true"
        $storage = ".main_storage"
        $parse = "parse_json_config"
        $encode = "enc_text"
        $send = "send_post"
        $identifier = "payload2-55554944839216049d683075bc3f5a8628778bb8"
    condition:
        (uint32(0) == 0xfeedfacf or uint32(0) == 0xfeedface or uint32be(0) == 0xfeedfacf or uint32be(0) == 0xfeedface or uint32be(0) == 0xcafebabe or uint32be(0) == 0xcafebabf) and ($identifier or ($cookie and 2 of ($storage, $parse, $encode, $send)))
}
