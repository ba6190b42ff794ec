//! Every instruction set against the standards' vectors and the crates: alone, in every mix, and for a long time.

use super::*;
use crate::hash::{Algorithms, Digests};
use crate::proof::{Ending, Script, digests, instruction_sets};

const ALL: u8 = 7;

fn script(bytes: &[u8]) -> Script {
    Script { bytes: bytes.to_vec(), pieces: Vec::new(), algorithms: Algorithms::from_bits(ALL), ending: Ending::Whole }
}

fn hex(digests: Option<Digests>) -> [String; 3] {
    let digests = digests.expect("a message that does not fail");
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    [hex(&digests.sha256.unwrap()), hex(&digests.sha1.unwrap()), hex(&digests.md5.unwrap())]
}

/// FIPS 180-4 examples, RFC 1321 appendix A.5, and the empty message; SHA-256, SHA-1, MD5.
const VECTORS: [(&str, [&str; 3]); 5] = [
    (
        "",
        [
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            "da39a3ee5e6b4b0d3255bfef95601890afd80709",
            "d41d8cd98f00b204e9800998ecf8427e",
        ],
    ),
    (
        "abc",
        [
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
            "a9993e364706816aba3e25717850c26c9cd0d89d",
            "900150983cd24fb0d6963f7d28e17f72",
        ],
    ),
    (
        "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
        [
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
            "84983e441c3bd26ebaae4aa1f95129e5e54670f1",
            "8215ef0796a20bcaaae116d3876c664a",
        ],
    ),
    (
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
        [
            "db4bfcbd4da0cd85a60c3c37d3fbd8805c77f15fc6b1fdfe614ee0a7c8fdb4c0",
            "761c457bf73b14d27e9e9265c46f4b4dda11f940",
            "d174ab98d277d9f5a5611c2c9f419d9f",
        ],
    ),
    (
        "12345678901234567890123456789012345678901234567890123456789012345678901234567890",
        [
            "f371bc4a311f2b009eef952dd83ca80e2b60026c8e935592d0f9c308453c813e",
            "50abf5706a150990a08b2c5ea40fa0e585554732",
            "57edf4a22be3c955ac49da2e2107b67a",
        ],
    ),
];

#[test]
fn the_standards_own_examples_hold_in_every_instruction_set_and_every_lane() {
    for set in instruction_sets() {
        for lanes in 1..=MAX_LANES {
            for (message, expected) in VECTORS {
                for answer in digests(&vec![script(message.as_bytes()); lanes], set, lanes) {
                    assert_eq!(hex(answer), expected, "{set}, {lanes} lanes, {message:?}");
                }
            }
        }
    }
}

#[test]
#[cfg_attr(miri, ignore = "a million steps take it hours")]
fn a_million_times_a_holds_in_every_instruction_set() {
    let expected = [
        "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0",
        "34aa973cd4c4daa4f61eeb2bdbad27316534016f",
        "7707d6ae4e027c70eea2a935c2296f21",
    ];
    for set in instruction_sets() {
        for answer in digests(&vec![script(&[b'a'; 1_000_000]); 3], set, 3) {
            assert_eq!(hex(answer), expected, "{set}");
        }
    }
}

/// What a kernel does that is right but for one bit of one lane of sixteen, as a wrong shuffle would have it.
fn wrong(states: &mut [Md5State], blocks: &[&[Block]]) {
    Kernels::PORTABLE.md5.feed(states, blocks);
    if let Some(state) = states.get_mut(13) {
        state[2] ^= 0x400;
    }
}

#[test]
fn a_kernel_that_gives_a_wrong_digest_is_not_chosen() {
    let (portable, wrong) = (Kernels::PORTABLE.md5, Kernel::new(16, wrong));
    let (right, narrow) = (Kernel::new(16, portable.feed), Kernel::new(8, portable.feed));
    assert!(right.agrees_with(&portable) && !wrong.agrees_with(&portable));
    assert!(!right.from(4, wrong_for_few()).agrees_with(&portable), "a wrong way for few streams counts as well");
    assert_eq!(Kernel::first(&[Some(wrong), None, Some(narrow)], portable).width, 8);
    assert_eq!(Kernel::first(&[Some(wrong)], portable).width, portable.width);
}

fn wrong_for_few() -> Kernel<4> {
    Kernel::new(4, |states, blocks| {
        Kernels::PORTABLE.md5.feed(states, blocks);
        states[0][0] ^= 1;
    })
}

#[test]
fn every_kernel_that_this_processor_has_is_good_enough_to_be_chosen() {
    for (set, kernels) in Kernels::every() {
        assert!(kernels.sha256.agrees_with(&Kernels::PORTABLE.sha256), "SHA-256 of {set}");
        assert!(kernels.sha1.agrees_with(&Kernels::PORTABLE.sha1), "SHA-1 of {set}");
        assert!(kernels.md5.agrees_with(&Kernels::PORTABLE.md5), "MD5 of {set}");
    }
}

/// Lengths around the ends of blocks and of what one read brings, as NIST's short and long messages have them.
#[test]
fn every_length_around_the_end_of_a_block_agrees_with_the_reference() {
    let last = if cfg!(miri) { 130 } else { 400 };
    let scripts: Vec<Script> =
        (0..last).map(|length| script(&(0..length).map(|at| (at * 31 + length) as u8).collect::<Vec<_>>())).collect();
    for set in instruction_sets() {
        for (script, answer) in scripts.iter().zip(digests(&scripts, set, MAX_LANES)) {
            assert_eq!(answer, script.expected(), "{set}, {} bytes", script.bytes.len());
        }
    }
}

/// The Monte Carlo test of NIST's SHAVS, 6.4: a thousand digests of three digests each, chained, in every lane another
/// seed. What a wrong carry or a lane that leaks into another does once in a while shows here.
#[test]
fn a_long_chain_of_digests_agrees_with_the_reference() {
    let rounds = if cfg!(miri) { 3 } else { 1000 };
    for set in instruction_sets() {
        let mut chains: Vec<[Vec<u8>; 3]> =
            (0..MAX_LANES).map(|lane| [0, 1, 2].map(|i| vec![(lane + i) as u8; 32])).collect();
        for _ in 0..rounds {
            let scripts: Vec<Script> = chains.iter().map(|three| script(&three.concat())).collect();
            for ((script, answer), chain) in scripts.iter().zip(digests(&scripts, set, MAX_LANES)).zip(&mut chains) {
                assert_eq!(answer, script.expected(), "{set}");
                let answer = answer.unwrap();
                chain.rotate_left(1);
                chain[2] = [&answer.sha256.unwrap()[..], &answer.sha1.unwrap(), &answer.md5.unwrap()].concat();
            }
        }
    }
}

#[cfg(not(miri))]
mod mixes {
    use super::*;
    use proptest::prelude::*;

    fn lengths() -> impl Strategy<Value = usize> {
        prop_oneof![4 => 0usize..300, 2 => 0usize..20_000, 1 => 0usize..700_000, 2 => (0usize..40).prop_map(|n| n * 64)]
    }

    fn endings() -> impl Strategy<Value = Ending> {
        prop_oneof![
            6 => Just(Ending::Whole),
            2 => Just(Ending::Late),
            1 => (0usize..30_000).prop_map(Ending::Fails),
            1 => (0usize..30_000).prop_map(Ending::Panics),
            2 => (0usize..30_000).prop_map(Ending::Apart),
        ]
    }

    fn scripts() -> impl Strategy<Value = Script> {
        let pieces = prop::collection::vec(prop_oneof![1 => Just(0usize), 2 => 1usize..5000], 0..4);
        (lengths(), any::<u8>(), pieces, 1u8..8, endings()).prop_map(|(length, seed, pieces, algorithms, ending)| {
            let bytes = (0..length).map(|at| (at as u32).wrapping_mul(2_654_435_761).to_le_bytes()[3] ^ seed).collect();
            Script { bytes, pieces, algorithms: Algorithms::from_bits(algorithms), ending }
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

        /// Short beside long, other digests in every lane, pieces of any length, messages that fail in the middle.
        #[test]
        fn of_any_messages_agree_with_the_reference(
            scripts in prop::collection::vec(scripts(), 0..40),
            limit in 1..=MAX_LANES,
        ) {
            for set in instruction_sets() {
                for (script, answer) in scripts.iter().zip(digests(&scripts, set, limit)) {
                    prop_assert_eq!(answer, script.expected(), "{}, limit {}, {:?}", set, limit, script.ending);
                }
            }
        }
    }
}
