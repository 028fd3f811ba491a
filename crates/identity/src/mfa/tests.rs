//! Second factors as stories over the router, and the attacks on them.
