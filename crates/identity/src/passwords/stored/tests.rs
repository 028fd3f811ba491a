//! Hashes of every kind. The texts were made by other programs: argon2-cffi, Python's hashlib and bcrypt,
//! passlib; the one of Firebase is from its own documentation.

use super::*;

const RIGHT: &str = "correct horse";

const HASHES: &[&str] = &[
    "$argon2i$v=16$m=64,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$1Z2Yard74fm6b7ad3ZXPpY9ZFBZ56e0Td+ZQ0ZTn2S8",
    "$argon2d$v=16$m=64,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$bGrKpsWinAgWVx1N9dw0W9wdheTDyZdmdzqePvnXVTE",
    "$argon2id$v=16$m=64,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$UrmhGLByONQ4UqyOoyEDJO4qRU3ZaB/Tc4DhTcbmPVU",
    "$argon2i$v=19$m=64,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$rB84JT5z5pR7npjABPWWPmhej9GHFq2J2QtVNJPtUE0",
    "$argon2d$v=19$m=64,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$vm9PBKKXIFC2hCDr+bLmQRD8t/tl1f7SeTHOSs4mWuo",
    "$argon2id$v=19$m=64,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$uL2hQzJmxaz0Tfm2KK6uNjA0+UvbrHBEBwVmJYrNXCE",
    "argon2$argon2id$v=19$m=64,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$uL2hQzJmxaz0Tfm2KK6uNjA0+UvbrHBEBwVmJYrNXCE",
    "$2b$04$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e",
    "$2a$04$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e",
    "$2y$04$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e",
    "bcrypt$$2b$04$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e",
    "$scrypt$ln=4,r=8,p=2$c29tZXNhbHRzb21lc2FsdA$xZYsWqaW4rFSqhCsd1saCrvdYz3uVCKCTxjl4RP0Veg",
    "$pbkdf2-sha1$i=100$c29tZXNhbHRzb21lc2FsdA$r7jiKJBf7dkX+me42qfRj/icoCU",
    "$pbkdf2-sha256$i=100,l=32$c29tZXNhbHRzb21lc2FsdA$7WVv9zH+UlG0pHYXbZB1S8UEW2K0krgn+YhuH3PW7QA",
    "$pbkdf2-sha512$i=100$c29tZXNhbHRzb21lc2FsdA$YcR2xhn+rJVEDRSDKq+5k1+lXqFXi9rYXrhswaYoff4IiYDTGyv5iil/CFrn2hxZgm8F+aCSj4BZ/XlQ/6gnUA",
    "$pbkdf2-sha256$100$./..c2FsdHNhbHQ$Mr4CW3iAfShaws5B0NpUDAotCJUHVUEOn22cWyq1H4U",
    "$pbkdf2$100$c29tZXNhbHQ$YGd3ptbJKsQWSlLq4TsbL0.jT18",
    "pbkdf2_sha256$100$seasalt$gnpeHo+UWiHfHH1xG5L/3TxMI5h1MTr2gq2ykhUFVhM=",
    "pbkdf2_sha1$100$seasalt$toTcmKkvYuSanQbd43zWGJSixqg=",
];

/// "user1password", by the parameters of the example in Firebase's own repository.
const FIREBASE: &str = "$firescrypt$ln=14,r=8,p=1$42xEC+ixf3L2lw==$lSrfV15cpx95/sZS2W9c9Kp6i/LVgQNDNC/qzrCnh1SAyZvqmZqAjTdn3aoItz+VHjoZilo78198JAdRuid5lQ==$Bw==$jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA==";

fn verify(hash: &str, password: &str) -> bool {
    let stored: Stored = hash.parse().unwrap_or_else(|e| panic!("{hash}: {e}"));
    stored.verify(password.as_bytes(), &mut Workspace::default()).expect("computed")
}

#[test]
fn the_right_password_verifies_and_no_other() {
    for hash in HASHES {
        assert!(verify(hash, RIGHT), "{hash}");
        for wrong in ["correct horsf", "", "correct horse "] {
            assert!(!verify(hash, wrong), "{hash}");
        }
    }
    assert!(verify(FIREBASE, "user1password"));
    assert!(!verify(FIREBASE, "user2password"));
}

/// bcrypt never looked at more: so it was when the hash was made. The hash that follows looks at all.
#[test]
fn bcrypt_looks_at_72_bytes() {
    let long = "correct horse ".repeat(8);
    let hash = "$2b$04$abcdefghijklmnopqrstuuguQjWexjBiIeDe7D591rZhv8R5Uc2gK";
    assert!(verify(hash, &long) && verify(hash, &long[..72]) && !verify(hash, &long[..71]));
}

#[test]
fn what_would_cost_too_much_is_refused_before_it_is_computed() {
    let bcrypt = HASHES[7].replace("$04$", "$15$");
    let rounds = |n: &str| HASHES[13].replace("i=100", &format!("i={n}"));
    let scrypt = |cost: &str| HASHES[11].replace("ln=4,r=8,p=2", cost);
    let dear = [
        bcrypt,
        rounds("2000001"),
        rounds("4294967295"),
        scrypt("ln=19,r=8,p=1"),
        scrypt("ln=14,r=8,p=4294967295"),
        scrypt("ln=31,r=4294967295,p=1"),
        scrypt("ln=255,r=8,p=1"),
        scrypt("ln=1,r=1,p=4000000"),
        FIREBASE.replace("ln=14", "ln=22"),
        HASHES[5].replace("m=64", "m=1048576"),
        HASHES[5].replace("t=2", "t=1000"),
    ];
    for hash in dear {
        assert_eq!(hash.parse::<Stored>(), Err(InvalidHash::Cost), "{hash}");
    }
}

#[test]
fn anything_else_is_no_hash() {
    let long = format!("{}{}", HASHES[0], "A".repeat(MAX_LEN));
    let cases = [
        "",
        "$",
        "correct horse",
        "5f4dcc3b5aa765d61d8327deb882cf99",
        "{SSHA}xxxx",
        "$1$salt$hash",
        "$6$salt$hash",
        "$2x$04$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e",
        "$2b$03$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e",
        "$2b$04$abcdefghijklmnopqrstuujydOTSfIH",
        "bcrypt_sha256$$2b$04$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e",
        "$scrypt$ln=4,r=8$c29tZXNhbHQ$xZYsWqaW4rFSqhCsd1saCrvdYz3uVCKCTxjl4RP0Veg",
        "$scrypt$ln=4,r=8,p=0$c29tZXNhbHQ$",
        "$scrypt$ln=4,r=8,p=1$c29tZXNhbHQ$AAAA",
        "$pbkdf2-sha256$i=0$c29tZXNhbHQ$7WVv9zH+UlG0pHYXbZB1S8UEW2K0krgn+YhuH3PW7QA",
        "$pbkdf2-sha256$i=-1$c29tZXNhbHQ$7WVv9zH+UlG0pHYXbZB1S8UEW2K0krgn+YhuH3PW7QA",
        "$pbkdf2-sha256$i=100,l=31$c29tZXNhbHQ$7WVv9zH+UlG0pHYXbZB1S8UEW2K0krgn+YhuH3PW7QA",
        "$pbkdf2-md5$i=100$c29tZXNhbHQ$7WVv9zH+UlG0pHYXbZB1S8UEW2K0krgn+YhuH3PW7QA",
        "$firescrypt$ln=14,r=8,p=1$42xEC+ixf3L2lw==$lSrfV15cpx95",
        &long,
    ];
    for hash in cases {
        assert!(matches!(hash.parse::<Stored>(), Err(InvalidHash::Format | InvalidHash::Cost)), "{hash}");
    }
}

proptest::proptest! {
    #[test]
    fn reading_never_panics(text in "\\PC{0,80}|[$=,a-z0-9+/.]{0,120}|\\$(2b|scrypt|firescrypt|pbkdf2|argon2i)\\$\\PC{0,60}") {
        let _ = text.parse::<Stored>();
    }
}
