// How the program's allocator, mimalloc, is set up.
//
// Its memory is to be of huge pages where the system grants them (madvise, which is no reservation): the first touch of
// a small page costs microseconds on a virtual machine, and the contracts of a start touch a thousand.

#include <mimalloc.h>

namespace {

void UseLargePages() {
  mi_option_enable(mi_option_large_os_pages);
}

// The allocator reads its options when the first library initializes itself, long before main() and our own
// initializers. The program's .preinit_array runs before them all (System V ABI, Initialization and Termination).
__attribute__((section(".preinit_array"), used)) void (*const use_large_pages)() = UseLargePages;

}  // namespace
