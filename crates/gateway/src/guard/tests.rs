mod host;
mod path;
