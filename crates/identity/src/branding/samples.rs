//! Small images of common programs, for tests: 3 by 2 pixels, icons 4 by 4.

use base64::{Engine as _, engine::general_purpose::STANDARD as B64};

macro_rules! samples {
    ($($name:ident = $base64:literal;)*) => {$(
        pub(crate) fn $name() -> Vec<u8> {
            B64.decode($base64).expect("base64")
        }
    )*};
}

samples! {
    png = "\
        iVBORw0KGgoAAAANSUhEUgAAAAMAAAACCAIAAAASFvFNAAAAFUlEQVR42mM8wcXFwMDAwMDAxAADABByAOCYMRP0AAAAAElFTkSuQmCC";
    jpeg = "\
        /9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAP////////////////////////////////////////////////////////////////////////////\
        //////////wAALCAACAAMBAREA/8QAFAABAAAAAAAAAAAAAAAAAAAAAP/EABQQAQAAAAAAAAAAAAAAAAAAAAD/2gAIAQEAAD8AP//Z";
    webp = "UklGRjAAAABXRUJQVlA4ICQAAABwAQCdASoDAAIADMDOJaACdAFAAAD+4LkIw1uvxQ5s7gVAAAA=";
    webp_lossless = "UklGRh4AAABXRUJQVlA4TBEAAAAvAkAAAAdQhSJXof+BiOh/AAA=";
    webp_animated = "\
        UklGRrIAAABXRUJQVlA4WAoAAAACAAAAAgAAAQAAQU5JTQYAAAAAAAAAAABBTk1GSAAAAAAAAAAAAAIAAAEAAGQAAAJWUDggMAAAADABAJ0BKg\
        MAAgABQCYloAADcAD+9hNf//i0P7ef8GtzX//8Cd//wJ3//Anf+AAAAEFOTUY2AAAAAAAAAAAAAgAAAQAAZAAAAFZQOCAeAAAAVAEAnQEqAwAC\
        AAAAJiWcAARhgAD+/SjRJuelmAAA";
    ico = "\
        AAABAAEABAQAAAAAIABoAAAAFgAAACgAAAAEAAAACAAAAAEAIAAAAAAAQAAAAMQOAADEDgAAAAAAAAAAAAAKCsj/CgrI/woKyP8KCsj/CgrI/w\
        oKyP8KCsj/CgrI/woKyP8KCsj/CgrI/woKyP8KCsj/CgrI/woKyP8KCsj/";
    ico_of_png = "\
        AAABAAEABAQAAAAAIABOAAAAFgAAAIlQTkcNChoKAAAADUlIRFIAAAAEAAAABAgGAAAAqfGefgAAABVJREFUeJxjPMHF9Z8BCTAxoAHCAgB6ig\
        HjfkY/+gAAAABJRU5ErkJggg==";
}

/// A PNG whose header lies.
pub(crate) fn png_of(width: u32, height: u32) -> Vec<u8> {
    let mut png = png();
    png[16..20].copy_from_slice(&width.to_be_bytes());
    png[20..24].copy_from_slice(&height.to_be_bytes());
    png
}
