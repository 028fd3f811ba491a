mod index;
mod pattern;
