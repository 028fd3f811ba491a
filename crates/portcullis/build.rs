//! Rebuilds when the embedded pages change. The folder may be missing: the pages are optional.

fn main() {
    // The parent is named, because a path that does not exist would count as changed every time. It
    // holds only sources and the build, no packages.
    println!("cargo::rerun-if-changed=../../web/docs");
}
