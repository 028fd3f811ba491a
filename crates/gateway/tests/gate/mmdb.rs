//! Writes country databases in the MaxMind format, version 2.0, for tests.

/// A database of IPv4 ranges (`address`, `prefix length`) and their countries.
pub(crate) fn database(ranges: &[([u8; 4], u8, &str)]) -> Vec<u8> {
    // A binary trie: each node is two records. A record is a node, nothing, or a range's data.
    #[derive(Clone, Copy)]
    enum Record {
        Nothing,
        Node(usize),
        Data(usize),
    }
    let mut nodes = vec![[Record::Nothing; 2]];
    let mut data = Vec::new();
    for (address, prefix, country) in ranges {
        let start = data.len();
        map(&mut data, 1);
        text(&mut data, "country");
        map(&mut data, 1);
        text(&mut data, "iso_code");
        text(&mut data, country);
        let bits = u32::from_be_bytes(*address);
        let mut at = 0;
        for depth in 0..*prefix {
            let side = (bits >> (31 - depth) & 1) as usize;
            if depth + 1 == *prefix {
                nodes[at][side] = Record::Data(start);
            } else if let Record::Node(next) = nodes[at][side] {
                at = next;
            } else {
                nodes.push([Record::Nothing; 2]);
                nodes[at][side] = Record::Node(nodes.len() - 1);
                at = nodes.len() - 1;
            }
        }
    }
    let count = nodes.len();
    let mut file = Vec::new();
    for record in nodes.iter().flatten() {
        let value = match record {
            Record::Nothing => count,
            Record::Node(node) => *node,
            // The section of data begins after sixteen zeros.
            Record::Data(start) => count + 16 + start,
        };
        file.extend_from_slice(&u32::try_from(value).expect("small").to_be_bytes()[1..]);
    }
    file.extend_from_slice(&[0; 16]);
    file.extend_from_slice(&data);
    file.extend_from_slice(b"\xab\xcd\xefMaxMind.com");
    map(&mut file, 9);
    text(&mut file, "node_count");
    file.push(6 << 5 | 4);
    file.extend_from_slice(&u32::try_from(count).expect("small").to_be_bytes());
    for (name, value) in
        [("record_size", 24), ("ip_version", 4), ("binary_format_major_version", 2), ("binary_format_minor_version", 0)]
    {
        text(&mut file, name);
        file.extend_from_slice(&[5 << 5 | 1, value]);
    }
    text(&mut file, "build_epoch");
    file.extend_from_slice(&[1, 2, 1]);
    text(&mut file, "database_type");
    text(&mut file, "Test");
    text(&mut file, "languages");
    file.extend_from_slice(&[0, 4]);
    text(&mut file, "description");
    map(&mut file, 0);
    file
}

fn map(out: &mut Vec<u8>, entries: u8) {
    out.push(7 << 5 | entries);
}

fn text(out: &mut Vec<u8>, text: &str) {
    out.push(2 << 5 | u8::try_from(text.len()).expect("short"));
    out.extend_from_slice(text.as_bytes());
}
