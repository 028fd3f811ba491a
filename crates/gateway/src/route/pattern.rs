//! What a route says about the path and the host, parsed.
//!
//! A path pattern is literal segments and `{name}` segments, and ends exactly or in `{*rest}`: the
//! path so far and everything below it. Deliberately absent: patterns inside a segment and regular
//! expressions, which no table of thousands of routes can match in constant time.

use std::{cmp::Ordering, fmt};

use crate::guard;

/// One segment of a path pattern.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Segment {
    /// `{name}`: any one segment that is not empty.
    Parameter(Box<str>),
    /// Itself.
    Literal(Box<str>),
}

/// Which paths a route takes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PathPattern {
    /// From the root; a trailing slash is an empty last literal.
    pub segments: Vec<Segment>,
    /// Whether everything below matches too.
    pub prefix: bool,
}

/// Why a text is not a path pattern.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum InvalidPattern {
    /// Not a path.
    #[error("a path starts with a slash")]
    Relative,
    /// Requests never have this spelling.
    #[error("no request has this path once it is normalised; write `{0}`")]
    NotNormal(String),
    /// Cannot be a path at all.
    #[error("{0}")]
    Path(#[from] guard::InvalidPath),
    /// Braces are not a whole segment.
    #[error("`{0}` is not a whole segment in braces")]
    Braces(String),
    /// `{*rest}` stands before the end.
    #[error("`{{*{0}}}` must be the last segment")]
    RestNotLast(String),
}

impl InvalidPattern {
    /// What to write instead.
    pub const fn hint(&self) -> &'static str {
        "Write an exact path (/orders), a template (/orders/{id}) or a prefix (/orders/{*rest})."
    }
}

impl std::str::FromStr for PathPattern {
    type Err = InvalidPattern;

    fn from_str(text: &str) -> Result<Self, InvalidPattern> {
        let rest = text.strip_prefix('/').ok_or(InvalidPattern::Relative)?;
        let mut segments = Vec::new();
        let mut prefix = false;
        let mut parts = rest.split('/').peekable();
        while let Some(part) = parts.next() {
            match part.strip_prefix('{').and_then(|p| p.strip_suffix('}')) {
                Some(inner) => {
                    let (name, is_rest) = inner.strip_prefix('*').map_or((inner, false), |name| (name, true));
                    if name.is_empty() || !name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
                        return Err(InvalidPattern::Braces(part.to_owned()));
                    }
                    if is_rest {
                        if parts.peek().is_some() {
                            return Err(InvalidPattern::RestNotLast(name.to_owned()));
                        }
                        prefix = true;
                    } else {
                        segments.push(Segment::Parameter(name.into()));
                    }
                }
                None if part.contains(['{', '}']) => return Err(InvalidPattern::Braces(part.to_owned())),
                None => segments.push(Segment::Literal(part.into())),
            }
        }
        let pattern = Self { segments, prefix };
        pattern.check_spelling()?;
        Ok(pattern)
    }
}

impl PathPattern {
    /// A literal that no normalised path contains would silently never match.
    fn check_spelling(&self) -> Result<(), InvalidPattern> {
        let spelled = |parameter: fn(&str) -> String| {
            let mut path = String::new();
            for segment in &self.segments {
                path.push('/');
                match segment {
                    Segment::Literal(text) => path.push_str(text),
                    Segment::Parameter(name) => path.push_str(&parameter(name)),
                }
            }
            if path.is_empty() { "/".to_owned() } else { path }
        };
        // A parameter's own text is stood in for by a segment that is always normal.
        let path = spelled(|name| format!("_{name}_"));
        let normal = guard::normalise(&path)?;
        if normal == path {
            return Ok(());
        }
        let fixed: String = normal
            .split('/')
            .map(|s| match s.strip_prefix('_').and_then(|s| s.strip_suffix('_')) {
                Some(name) if self.segments.contains(&Segment::Parameter(name.into())) => format!("{{{name}}}"),
                _ => s.to_owned(),
            })
            .collect::<Vec<_>>()
            .join("/");
        Err(InvalidPattern::NotNormal(fixed))
    }

    /// Whether the path matches. For tests and tools; requests go through the table.
    pub fn matches(&self, path: &str) -> bool {
        let mut parts = path.split('/').skip(1);
        for segment in &self.segments {
            let Some(part) = parts.next() else { return false };
            let fits = match segment {
                Segment::Literal(text) => **text == *part,
                Segment::Parameter(_) => !part.is_empty(),
            };
            if !fits {
                return false;
            }
        }
        self.prefix || parts.next().is_none()
    }

    /// Whether both take the same paths.
    pub fn same_shape(&self, other: &Self) -> bool {
        self.prefix == other.prefix
            && self.segments.len() == other.segments.len()
            && self.segments.iter().zip(&other.segments).all(|pair| match pair {
                (Segment::Literal(a), Segment::Literal(b)) => a == b,
                (Segment::Parameter(_), Segment::Parameter(_)) => true,
                _ => false,
            })
    }

    /// Which of the two is chosen for a path that both match: the greater. `None`: there is no such path.
    pub(super) fn against(&self, other: &Self) -> Option<Ordering> {
        let mut first = Ordering::Equal;
        for pair in self.segments.iter().zip(&other.segments) {
            let order = match pair {
                (Segment::Literal(a), Segment::Literal(b)) if a == b => Ordering::Equal,
                (Segment::Parameter(_), Segment::Parameter(_)) => Ordering::Equal,
                (Segment::Literal(text), Segment::Parameter(_)) if !text.is_empty() => Ordering::Greater,
                (Segment::Parameter(_), Segment::Literal(text)) if !text.is_empty() => Ordering::Less,
                _ => return None,
            };
            first = first.then(order);
        }
        let rest = match self.segments.len().cmp(&other.segments.len()) {
            Ordering::Less if self.prefix => Ordering::Less,
            Ordering::Greater if other.prefix => Ordering::Greater,
            Ordering::Equal => other.prefix.cmp(&self.prefix),
            _ => return None,
        };
        Some(first.then(rest))
    }

    /// The literal text every matching path starts with, without a trailing slash: `/orders`.
    pub fn literal_prefix(&self) -> String {
        self.segments
            .iter()
            .map_while(|s| match s {
                Segment::Literal(text) => Some(format!("/{text}")),
                Segment::Parameter(_) => None,
            })
            .collect()
    }
}

impl fmt::Display for PathPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for segment in &self.segments {
            match segment {
                Segment::Literal(text) => write!(f, "/{text}")?,
                Segment::Parameter(name) => write!(f, "/{{{name}}}")?,
            }
        }
        f.write_str(if self.prefix { "/{*rest}" } else { "" })
    }
}

/// Which hosts a route takes.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum HostPattern {
    /// `*`.
    Any,
    /// `*.example.com`: every host below `example.com`, at any depth, not itself. Holds `example.com`.
    Below(Box<str>),
    /// One host.
    Exact(Box<str>),
}

/// Why a text is not a host pattern.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("`{0}` is not a host: write a name without port (api.example.com), `*.example.com` or `*`")]
pub struct InvalidHost(String);

impl std::str::FromStr for HostPattern {
    type Err = InvalidHost;

    fn from_str(text: &str) -> Result<Self, InvalidHost> {
        let name = text.strip_prefix("*.").unwrap_or(text);
        let ok = !name.is_empty()
            && name.len() <= 255
            && (name.parse::<std::net::Ipv6Addr>().is_err())
            && name.split('.').all(|label| {
                !label.is_empty()
                    && label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'_'))
            });
        let ipv6 =
            text.strip_prefix('[').and_then(|t| t.strip_suffix(']')).and_then(|t| t.parse::<std::net::Ipv6Addr>().ok());
        match (text, ipv6) {
            ("*", _) => Ok(Self::Any),
            (_, Some(address)) => Ok(Self::Exact(format!("[{address}]").into())),
            _ if !ok => Err(InvalidHost(text.chars().take(64).collect())),
            _ if name.len() < text.len() => Ok(Self::Below(name.into())),
            _ => Ok(Self::Exact(name.into())),
        }
    }
}

impl HostPattern {
    /// Which of the two is chosen for a host that both match: the greater. `None`: there is no such host.
    pub(super) fn against(&self, other: &Self) -> Option<Ordering> {
        let rank = |host: &Self| match host {
            Self::Any => (0, 0),
            Self::Below(suffix) => (1, suffix.len()),
            Self::Exact(_) => (2, 0),
        };
        let meet = match (self, other) {
            (Self::Any, _) | (_, Self::Any) => true,
            (Self::Exact(a), Self::Exact(b)) => a == b,
            (Self::Exact(host), below) | (below, Self::Exact(host)) => below.matches(host),
            (Self::Below(a), Self::Below(b)) => a == b || self.matches(b) || other.matches(a),
        };
        meet.then(|| rank(self).cmp(&rank(other)))
    }

    /// Whether the host (lower case, without port) matches. For tests and tools.
    pub fn matches(&self, host: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Exact(own) => **own == *host,
            Self::Below(suffix) => {
                host.strip_suffix(&**suffix).is_some_and(|head| head.len() > 1 && head.ends_with('.'))
            }
        }
    }
}
