internal import CBattenABI

/// C functions that know which plugin or executor they belong to.
///
/// The ABI passes no word of the plugin's own to `start`, and none of the executor's to `open`. A C function of Swift
/// cannot capture one either, so the number is written into each function: plugins of the process and executors of a
/// plugin are numbered.
enum Trampolines {
    typealias Start =
        @convention(c) (
            UnsafePointer<batten_host>, batten_span, UnsafeMutablePointer<OpaquePointer?>,
            UnsafeMutablePointer<batten_buffer>
        ) -> batten_rc

    typealias Open =
        @convention(c) (
            OpaquePointer?, batten_span, UnsafeMutablePointer<OpaquePointer?>, UnsafeMutablePointer<batten_buffer>
        ) -> batten_rc

    /// How many plugins written with this library one process holds, and how many executors one plugin.
    static let count = 32

    /// The functions for `start`, by number.
    static let start: [Start] = unsafe [
        { unsafe Border.start(0, $0, $1, $2, $3) },
        { unsafe Border.start(1, $0, $1, $2, $3) },
        { unsafe Border.start(2, $0, $1, $2, $3) },
        { unsafe Border.start(3, $0, $1, $2, $3) },
        { unsafe Border.start(4, $0, $1, $2, $3) },
        { unsafe Border.start(5, $0, $1, $2, $3) },
        { unsafe Border.start(6, $0, $1, $2, $3) },
        { unsafe Border.start(7, $0, $1, $2, $3) },
        { unsafe Border.start(8, $0, $1, $2, $3) },
        { unsafe Border.start(9, $0, $1, $2, $3) },
        { unsafe Border.start(10, $0, $1, $2, $3) },
        { unsafe Border.start(11, $0, $1, $2, $3) },
        { unsafe Border.start(12, $0, $1, $2, $3) },
        { unsafe Border.start(13, $0, $1, $2, $3) },
        { unsafe Border.start(14, $0, $1, $2, $3) },
        { unsafe Border.start(15, $0, $1, $2, $3) },
        { unsafe Border.start(16, $0, $1, $2, $3) },
        { unsafe Border.start(17, $0, $1, $2, $3) },
        { unsafe Border.start(18, $0, $1, $2, $3) },
        { unsafe Border.start(19, $0, $1, $2, $3) },
        { unsafe Border.start(20, $0, $1, $2, $3) },
        { unsafe Border.start(21, $0, $1, $2, $3) },
        { unsafe Border.start(22, $0, $1, $2, $3) },
        { unsafe Border.start(23, $0, $1, $2, $3) },
        { unsafe Border.start(24, $0, $1, $2, $3) },
        { unsafe Border.start(25, $0, $1, $2, $3) },
        { unsafe Border.start(26, $0, $1, $2, $3) },
        { unsafe Border.start(27, $0, $1, $2, $3) },
        { unsafe Border.start(28, $0, $1, $2, $3) },
        { unsafe Border.start(29, $0, $1, $2, $3) },
        { unsafe Border.start(30, $0, $1, $2, $3) },
        { unsafe Border.start(31, $0, $1, $2, $3) },
    ]

    /// The functions for `open`, by number.
    static let open: [Open] = unsafe [
        { unsafe Border.open(0, $0, $1, $2, $3) },
        { unsafe Border.open(1, $0, $1, $2, $3) },
        { unsafe Border.open(2, $0, $1, $2, $3) },
        { unsafe Border.open(3, $0, $1, $2, $3) },
        { unsafe Border.open(4, $0, $1, $2, $3) },
        { unsafe Border.open(5, $0, $1, $2, $3) },
        { unsafe Border.open(6, $0, $1, $2, $3) },
        { unsafe Border.open(7, $0, $1, $2, $3) },
        { unsafe Border.open(8, $0, $1, $2, $3) },
        { unsafe Border.open(9, $0, $1, $2, $3) },
        { unsafe Border.open(10, $0, $1, $2, $3) },
        { unsafe Border.open(11, $0, $1, $2, $3) },
        { unsafe Border.open(12, $0, $1, $2, $3) },
        { unsafe Border.open(13, $0, $1, $2, $3) },
        { unsafe Border.open(14, $0, $1, $2, $3) },
        { unsafe Border.open(15, $0, $1, $2, $3) },
        { unsafe Border.open(16, $0, $1, $2, $3) },
        { unsafe Border.open(17, $0, $1, $2, $3) },
        { unsafe Border.open(18, $0, $1, $2, $3) },
        { unsafe Border.open(19, $0, $1, $2, $3) },
        { unsafe Border.open(20, $0, $1, $2, $3) },
        { unsafe Border.open(21, $0, $1, $2, $3) },
        { unsafe Border.open(22, $0, $1, $2, $3) },
        { unsafe Border.open(23, $0, $1, $2, $3) },
        { unsafe Border.open(24, $0, $1, $2, $3) },
        { unsafe Border.open(25, $0, $1, $2, $3) },
        { unsafe Border.open(26, $0, $1, $2, $3) },
        { unsafe Border.open(27, $0, $1, $2, $3) },
        { unsafe Border.open(28, $0, $1, $2, $3) },
        { unsafe Border.open(29, $0, $1, $2, $3) },
        { unsafe Border.open(30, $0, $1, $2, $3) },
        { unsafe Border.open(31, $0, $1, $2, $3) },
    ]
}
