//! Digests of several streams at once.
//!
//! SHA-256, SHA-1 and MD5 are chains: each step waits for the one before, so one stream leaves most of a processor core
//! idle. Independent streams, interleaved in one thread or side by side in wide registers, fill it. Which way wins depends
//! on the processor; it is chosen at run time, and what is chosen must first agree with the crates. What needs `unsafe`
//! is in one file per instruction set below `lanes/`. Messages, padding and files are not known here: `flight.rs` has them.

#[cfg(all(target_arch = "aarch64", target_endian = "little"))]
mod armv8;
#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod portable;
#[cfg(target_arch = "x86_64")]
mod sha_ni;
#[cfg(test)]
mod tests;

use std::sync::OnceLock;

/// Blocks that all three digests take.
pub(crate) type Block = [u8; 64];

/// Streams that one call takes at most; the widest kernel's width.
pub(crate) const MAX_LANES: usize = 32;

/// The states of SHA-256, SHA-1 and MD5 between two blocks.
pub(crate) type Sha256State = [u32; 8];
pub(crate) type Sha1State = [u32; 5];
pub(crate) type Md5State = [u32; 4];

/// FIPS 180-4, 5.3.3.
pub(crate) const SHA256_INITIAL: Sha256State =
    [0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19];

/// FIPS 180-4, 5.3.1.
pub(crate) const SHA1_INITIAL: Sha1State = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476, 0xc3d2_e1f0];

/// RFC 1321, 3.3.
pub(crate) const MD5_INITIAL: Md5State = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476];

/// Feeds states of `W` words each its blocks.
type Feed<const W: usize> = fn(&mut [[u32; W]], &[&[Block]]);

/// One way to feed streams of one digest whose state has `W` words.
#[derive(Clone, Copy)]
pub(crate) struct Kernel<const W: usize> {
    /// Streams that keep the processor busy; with more it is not faster.
    pub(crate) width: usize,
    feed: Feed<W>,
    /// For fewer streams than `enough` of one turn.
    few: Feed<W>,
    enough: usize,
}

impl<const W: usize> Kernel<W> {
    /// A way that is the best for any number of streams.
    const fn new(width: usize, feed: Feed<W>) -> Self {
        Kernel { width, feed, few: feed, enough: 0 }
    }

    /// The same, but fewer streams than `enough` go the way of another kernel.
    const fn from(self, enough: usize, other: Kernel<W>) -> Self {
        Kernel { enough, few: other.feed, ..self }
    }

    /// Feeds each stream its blocks, as many to each.
    pub(crate) fn feed(&self, states: &mut [[u32; W]], blocks: &[&[Block]]) {
        debug_assert_eq!(states.len(), blocks.len(), "blocks for every stream");
        debug_assert!(blocks.windows(2).all(|two| two[0].len() == two[1].len()), "as many to each");
        for (states, blocks) in states.chunks_mut(self.width).zip(blocks.chunks(self.width)) {
            let feed = if states.len() < self.enough { self.few } else { self.feed };
            feed(states, blocks);
        }
    }

    /// Whether it gives what another gives, for streams of some blocks, from one stream to more than its width.
    fn agrees_with(&self, other: &Self) -> bool {
        const BLOCKS: usize = 3;
        let bytes = |stream: usize| std::array::from_fn(|at| (stream * 83 + at * 29 + at / 64 * 7) as u8);
        let streams: Vec<[u8; BLOCKS * 64]> = (0..self.width + 2).map(bytes).collect();
        let blocks: Vec<&[Block]> = streams.iter().map(|stream| stream.as_chunks().0).collect();
        [1, 2, 3, self.enough, self.width / 2 + 1, self.width, self.width + 2].into_iter().all(|count| {
            let [mut ours, mut theirs] = [(); 2].map(|()| {
                let begun =
                    |stream: usize| std::array::from_fn(|word| (stream as u32 * 13 + word as u32) << 24 | 0x5_a5a5);
                (0..count).map(begun).collect::<Vec<[u32; W]>>()
            });
            self.feed(&mut ours, &blocks[..count]);
            other.feed(&mut theirs, &blocks[..count]);
            ours == theirs
        })
    }

    /// The first that is there and agrees with the portable one. A wrong digest is worse than a slow one: nobody notices.
    fn first(ways: &[Option<Self>], portable: Self) -> Self {
        ways.iter().copied().flatten().find(|way| way.agrees_with(&portable)).unwrap_or(portable)
    }
}

/// A kernel for each digest.
#[derive(Clone, Copy)]
pub(crate) struct Kernels {
    pub(crate) sha256: Kernel<8>,
    pub(crate) sha1: Kernel<5>,
    pub(crate) md5: Kernel<4>,
}

/// Streams of SHA-1 from which AVX-512 is faster than the SHA instructions: a lane of the former gives 0.44 GB/s, all of
/// the latter 3.4 (performance of ISA-L on Zen 4).
#[cfg(target_arch = "x86_64")]
const SHA1_ENOUGH: usize = 8;

/// Streams of the others from which wide registers are faster than one stream after the other. Estimated.
#[cfg(target_arch = "x86_64")]
const ENOUGH: usize = 3;

impl Kernels {
    /// Without any choice at run time, except that of the crates for one stream.
    const PORTABLE: Kernels = Kernels { sha256: portable::SHA256, sha1: portable::SHA1, md5: portable::MD5 };

    /// The fastest that this processor has; tried out once per process, which takes it a fraction of a millisecond.
    pub(crate) fn best() -> Self {
        static BEST: OnceLock<Kernels> = OnceLock::new();
        *BEST.get_or_init(Self::chosen)
    }

    /// The order is that of measurements on Zen 3 and, for AVX-512, of those of ISA-L on Zen 4: SHA-256 3.6 GB/s as against
    /// 3.5 of the SHA instructions, which need two streams and not sixteen; SHA-1 7.1 and 3.4; MD5 11.5 and 7.2 by AVX2.
    #[cfg(target_arch = "x86_64")]
    fn chosen() -> Self {
        let Kernels { sha256, sha1, md5 } = Self::PORTABLE;
        let (avx512, avx2, sha_ni) = (Self::avx512(), Self::avx2(), sha_ni::kernels());
        Kernels {
            sha256: Kernel::first(
                &[sha_ni.map(|two| two.0), avx512.map(|all| all.sha256), avx2.map(|all| all.sha256)],
                sha256,
            ),
            sha1: Kernel::first(&[avx512.map(|all| all.sha1), sha_ni.map(|two| two.1), avx2.map(|all| all.sha1)], sha1),
            md5: Kernel::first(&[avx512.map(|all| all.md5), avx2.map(|all| all.md5)], md5),
        }
    }

    #[cfg(all(target_arch = "aarch64", target_endian = "little"))]
    fn chosen() -> Self {
        let Kernels { sha256, sha1, md5 } = Self::PORTABLE;
        let armv8 = armv8::kernels();
        Kernels {
            sha256: Kernel::first(&[armv8.map(|two| two.0)], sha256),
            sha1: Kernel::first(&[armv8.map(|two| two.1)], sha1),
            md5,
        }
    }

    #[cfg(not(any(target_arch = "x86_64", all(target_arch = "aarch64", target_endian = "little"))))]
    fn chosen() -> Self {
        Self::PORTABLE
    }

    #[cfg(target_arch = "x86_64")]
    fn avx2() -> Option<Self> {
        avx2::kernels().map(|(sha256, sha1, md5)| Kernels { sha256, sha1, md5 })
    }

    #[cfg(target_arch = "x86_64")]
    fn avx512() -> Option<Self> {
        let (sha256, sha1, md5) = avx512::kernels()?;
        let sha1 = match sha_ni::kernels() {
            Some((_, few)) => sha1.from(SHA1_ENOUGH, few),
            None => sha1.from(ENOUGH, portable::SHA1),
        };
        Some(Kernels { sha256: sha256.from(ENOUGH, portable::SHA256), sha1, md5: md5.from(2, portable::MD5) })
    }

    /// Every set that this processor has, by name, for proofs that they agree.
    #[cfg(any(test, feature = "proof"))]
    pub(crate) fn every() -> Vec<(&'static str, Self)> {
        let mut sets = vec![("portable", Self::PORTABLE)];
        #[cfg(target_arch = "x86_64")]
        {
            sets.extend(Self::avx2().map(|kernels| ("avx2", kernels)));
            sets.extend(Self::avx512().map(|kernels| ("avx512", kernels)));
            let sha_ni = sha_ni::kernels().map(|(sha256, sha1)| Kernels { sha256, sha1, ..Self::PORTABLE });
            sets.extend(sha_ni.map(|kernels| ("sha-ni", kernels)));
        }
        #[cfg(all(target_arch = "aarch64", target_endian = "little"))]
        {
            let armv8 = armv8::kernels().map(|(sha256, sha1)| Kernels { sha256, sha1, ..Self::PORTABLE });
            sets.extend(armv8.map(|kernels| ("armv8", kernels)));
        }
        sets.push(("best", Self::best()));
        sets
    }
}
