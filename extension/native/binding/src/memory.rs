//! Giving memory back: a resident process waits for hours with what its start and its last sweep needed.

/// Gives back what nobody holds: freed memory of the allocator, and, on Linux, pages of files mapped for reading only
/// (code and constants), which come back from the page cache when they are touched again. An idle process is judged by
/// what it keeps resident.
pub(crate) fn release() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    {
        unsafe extern "C" {
            fn malloc_trim(pad: usize) -> std::ffi::c_int;
        }
        // SAFETY: the call takes an integer, locks each arena itself, and frees only what nobody holds. glibc keeps
        // freed memory for threads to come, in an arena for each; other allocators give it back by themselves.
        let _ = unsafe { malloc_trim(0) };
    }
    #[cfg(target_os = "linux")]
    page_out_files();
}

#[cfg(target_os = "linux")]
fn page_out_files() {
    let Ok(maps) = std::fs::read_to_string("/proc/self/maps") else { return };
    for (start, length) in maps.lines().filter_map(read_only_file) {
        // SAFETY: the range is a mapping of this process, as the kernel just said. MADV_PAGEOUT changes no content
        // whatever becomes of the range meanwhile: pages are read again when they are touched, and what was written to
        // (relocated constants) stays, or goes to swap and comes back. An error means that nothing was done.
        let _ =
            unsafe { rustix::mm::madvise(start as *mut std::ffi::c_void, length, rustix::mm::Advice::LinuxPageOut) };
    }
}

/// Start and length of a line of /proc/self/maps, if it is a file's mapping that cannot be written to.
#[cfg(target_os = "linux")]
fn read_only_file(line: &str) -> Option<(usize, usize)> {
    let mut fields = line.split_ascii_whitespace();
    let (range, permissions, inode) = (fields.next()?, fields.next()?, fields.nth(2)?);
    if !permissions.starts_with("r-") || inode == "0" {
        return None;
    }
    let (start, end) = range.split_once('-')?;
    let start = usize::from_str_radix(start, 16).ok()?;
    Some((start, usize::from_str_radix(end, 16).ok()?.checked_sub(start)?))
}
