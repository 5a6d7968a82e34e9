//! Where the module's memory comes from: an arena for each call.
//!
//! A call is short, and when it has its answer, nothing of it is needed any more. So nothing is given back piece by piece,
//! which would be a seventh of the instructions of a typical request and 25 kB of the module: the next call takes the
//! memory of the last one. Only the module has this; natively, the tests included, memory is the system's.

use core::alloc::{GlobalAlloc, Layout};
use core::arch::wasm32::memory_grow;
use core::cell::Cell;
use core::ptr;

/// The bytes of a page of linear memory.
const PAGE: usize = 65_536;

/// Linear memory, handed out from its start to its end.
#[derive(Debug)]
pub struct Arena {
    /// Where the allocations of a call begin.
    start: Cell<usize>,
    /// Where the next allocation may begin.
    next: Cell<usize>,
    /// The end of the memory that the host has given.
    end: Cell<usize>,
}

// SAFETY: a module has one thread.
unsafe impl Sync for Arena {}

impl Arena {
    /// An arena without memory: it asks the host for some when it needs it.
    pub const fn new() -> Self {
        Arena { start: Cell::new(0), next: Cell::new(0), end: Cell::new(0) }
    }

    /// What was allocated so far stays.
    pub fn keep(&self) {
        self.start.set(self.next.get());
    }

    /// What was allocated since [`Arena::keep`] is free.
    ///
    /// # Safety
    /// None of it is used once anything else is allocated.
    pub unsafe fn start_over(&self) {
        self.next.set(self.start.get());
    }

    /// Asks the host for memory, at least so many bytes; says whether there was some.
    #[cold]
    fn grow(&self, size: usize) -> bool {
        let pages = size.div_ceil(PAGE);
        let before = memory_grow::<0>(pages);
        if before == usize::MAX {
            return false;
        }
        let start = before * PAGE;
        if start != self.end.get() {
            // Somebody else had some in between.
            self.start.set(start);
            self.next.set(start);
        }
        self.end.set(start + pages * PAGE);
        true
    }
}

// SAFETY: an allocation is within memory that the host gave, aligned, and overlaps none that is still used.
unsafe impl GlobalAlloc for Arena {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        loop {
            let at = self.next.get().next_multiple_of(layout.align());
            match at.checked_add(layout.size()) {
                Some(next) if next <= self.end.get() => {
                    self.next.set(next);
                    return ptr::with_exposed_provenance_mut(at);
                }
                _ if !self.grow(layout.size().saturating_add(layout.align())) => return ptr::null_mut(),
                _ => {}
            }
        }
    }

    unsafe fn dealloc(&self, _at: *mut u8, _layout: Layout) {}

    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // What was allocated last grows where it is.
        let is_last = at.addr() + layout.size() == self.next.get();
        let fits = is_last && at.addr().checked_add(size).is_some_and(|next| next <= self.end.get());
        if fits {
            self.next.set(at.addr() + size);
            return at;
        }
        // SAFETY: the caller gives a size and an alignment that make a layout.
        let new = unsafe { self.alloc(Layout::from_size_align_unchecked(size, layout.align())) };
        if !new.is_null() {
            // SAFETY: both are allocations of at least so many bytes, and the new one overlaps none.
            unsafe { ptr::copy_nonoverlapping(at, new, layout.size().min(size)) };
        }
        new
    }
}
