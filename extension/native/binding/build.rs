//! Linker settings of a Node add-on.

fn main() {
    // For Windows it would look for a library of Node to link with. Node's functions are looked up at run time there.
    if std::env::var("CARGO_CFG_TARGET_OS").is_ok_and(|system| system != "windows") {
        napi_build::setup();
    }
}
