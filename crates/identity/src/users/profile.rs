//! What people may change about themselves.

use super::{Attributes, Phone};

/// A change of a profile. `None` leaves a field as it is, `Some(None)` clears it.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct ProfileChange {
    /// How to call them.
    pub display_name: Option<Option<String>>,
    /// Their company.
    pub company_name: Option<Option<String>>,
    /// Phone.
    pub phone: Option<Option<Phone>>,
    /// Custom attributes, replaced as a whole.
    pub attributes: Option<Attributes>,
}

impl ProfileChange {
    /// Names of the fields that are touched, for the audit log; never their values.
    pub fn touched(&self) -> Vec<&'static str> {
        let fields = [
            ("display_name", self.display_name.is_some()),
            ("company_name", self.company_name.is_some()),
            ("phone", self.phone.is_some()),
            ("attributes", self.attributes.is_some()),
        ];
        fields.into_iter().filter_map(|(name, touched)| touched.then_some(name)).collect()
    }
}
