//! Compiles the fake host for the feature `testing`, with nothing but `cc` and `ar`.
use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

fn run(program: &str, arguments: &[&str]) {
    match Command::new(program).args(arguments).status() {
        Ok(status) if status.success() => {}
        Ok(status) => panic!("{} ended with {}", program, status),
        Err(error) => panic!("{} cannot be run: {}; install a C compiler", program, error),
    }
}

fn text(path: &Path) -> &str {
    path.to_str().expect("the path is UTF-8")
}

fn main() {
    println!("cargo:rerun-if-changed=../c/testing");
    println!("cargo:rustc-link-arg=-Wl,-z,nodelete");
    if env::var_os("CARGO_FEATURE_TESTING").is_none() {
        return;
    }
    let sdk = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it")).join("../c");
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it"));
    let library = out.join("libbatten_fake_host.a");
    let compiler = env::var("CC").unwrap_or_else(|_| "cc".to_string());
    for name in ["fake_host", "fake_services", "fake_end"] {
        let object = out.join(name).with_extension("o");
        let source = sdk.join("testing").join(name).with_extension("c");
        let header = format!("-I{}", text(&sdk.join("include")));
        let testing = format!("-I{}", text(&sdk.join("testing")));
        let flags = ["-std=c99", "-g", "-fPIC", &header, &testing, "-c", "-o", text(&object), text(&source)];
        run(&compiler, &flags);
        run("ar", &["rcs", text(&library), text(&object)]);
    }
    println!("cargo:rustc-link-search=native={}", text(&out));
    println!("cargo:rustc-link-lib=static=batten_fake_host");
}
