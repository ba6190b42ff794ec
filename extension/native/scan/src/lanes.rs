//! Digests of several streams at once.
//!
//! SHA-256, SHA-1 and MD5 are chains: each step waits for the one before, so one stream leaves most of a processor core
//! idle. Independent streams, interleaved in one thread or side by side in wide registers, fill it. Which way wins depends
//! on the processor; it is chosen at run time. What needs `unsafe` is in one file per instruction set below `lanes/`.
//! Messages, padding and files are not known here: `flight.rs` has them.

#[cfg(target_arch = "x86_64")]
mod avx2;
mod portable;
#[cfg(target_arch = "x86_64")]
mod sha_ni;
#[cfg(test)]
mod tests;

/// Blocks that all three digests take.
pub(crate) type Block = [u8; 64];

/// Streams that one call takes at most; the widest kernel's width.
pub(crate) const MAX_LANES: usize = 16;

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

/// One way to feed streams of one digest whose state has `W` words.
#[derive(Clone, Copy)]
pub(crate) struct Kernel<const W: usize> {
    /// Streams that keep the processor busy; with more it is not faster.
    pub(crate) width: usize,
    feed: fn(&mut [[u32; W]], &[&[Block]]),
}

impl<const W: usize> Kernel<W> {
    /// Feeds each stream its blocks, as many to each.
    pub(crate) fn feed(&self, states: &mut [[u32; W]], blocks: &[&[Block]]) {
        debug_assert_eq!(states.len(), blocks.len(), "blocks for every stream");
        debug_assert!(blocks.windows(2).all(|two| two[0].len() == two[1].len()), "as many to each");
        (self.feed)(states, blocks);
    }
}

/// A kernel for each digest.
#[derive(Clone, Copy)]
pub(crate) struct Kernels {
    pub(crate) sha256: Kernel<8>,
    pub(crate) sha1: Kernel<5>,
    pub(crate) md5: Kernel<4>,
}

impl Kernels {
    /// Without any choice at run time, except that of the crates for one stream.
    const PORTABLE: Kernels = Kernels { sha256: portable::SHA256, sha1: portable::SHA1, md5: portable::MD5 };

    /// The fastest that this processor has.
    #[cfg(target_arch = "x86_64")]
    pub(crate) fn best() -> Self {
        let wide = Self::avx2().unwrap_or(Self::PORTABLE);
        match sha_ni::kernels() {
            Some((sha256, sha1)) => Kernels { sha256, sha1, ..wide },
            None => wide,
        }
    }

    /// The fastest that this processor has.
    #[cfg(not(target_arch = "x86_64"))]
    pub(crate) fn best() -> Self {
        Self::PORTABLE
    }

    #[cfg(target_arch = "x86_64")]
    fn avx2() -> Option<Self> {
        avx2::kernels().map(|(sha256, sha1, md5)| Kernels { sha256, sha1, md5 })
    }

    /// Every set that this processor has, by name, for proofs that they agree.
    #[cfg(any(test, feature = "proof"))]
    pub(crate) fn every() -> Vec<(&'static str, Self)> {
        let mut sets = vec![("portable", Self::PORTABLE)];
        #[cfg(target_arch = "x86_64")]
        {
            sets.extend(Self::avx2().map(|kernels| ("avx2", kernels)));
            let sha_ni = sha_ni::kernels().map(|(sha256, sha1)| Kernels { sha256, sha1, ..Self::PORTABLE });
            sets.extend(sha_ni.map(|kernels| ("sha-ni", kernels)));
        }
        sets.push(("best", Self::best()));
        sets
    }
}
