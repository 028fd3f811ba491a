
## The account
account-overview = Overview
account-profile = Profile
account-profile-about = Your name, your phone and your e-mail address.
account-password = Password
account-password-about = Choose another password.
account-sessions = Sessions
account-sessions-about = Where you are signed in.
account-api-keys = API keys
account-api-keys-about = Keys for your own programs.
account-privacy = Privacy
account-privacy-about = What is kept about you, to take along.
account-last-login = Last sign-in:
account-unverified = { $email } is not confirmed yet.
save = Save
cancel = Cancel
notice-profile-saved = Your profile is saved.
notice-email-asked = We have sent a mail to the new address. Open the link in it to confirm.
notice-password-changed = Your password is changed. You are signed out everywhere else.
notice-session-ended = The session has ended.
notice-session-gone = That session had ended already.
notice-sessions-ended = You are signed out everywhere else.
notice-key-revoked = The key is revoked.
ago-now = just now
ago-minutes = { $count ->
    [one] { $count } minute ago
   *[other] { $count } minutes ago
}
ago-hours = { $count ->
    [one] { $count } hour ago
   *[other] { $count } hours ago
}
ago-days = { $count ->
    [one] { $count } day ago
   *[other] { $count } days ago
}
ago-long = on { $date }
date = { $day } { $month ->
    [1] January
    [2] February
    [3] March
    [4] April
    [5] May
    [6] June
    [7] July
    [8] August
    [9] September
    [10] October
    [11] November
   *[12] December
} { $year }

## Profile, address and password
profile-name = Name
profile-company = Company
profile-phone = Phone
profile-phone-hint = In international form, such as +49 30 123456.
profile-elsewhere = This can be changed through the application only: it asks for more than this page can.
profile-email = E-mail address
profile-email-change = Change e-mail address
profile-no-email = There is none.
email-title = Change e-mail address
email-text = We send a mail to the new address. It becomes yours when you open the link in it; the present address is told.
email-now = At present: { $email }
email-new = New e-mail address
email-submit = Send mail
password-change-title = Change password
password-change-text = All your other sessions end when you change it.
password-current = Current password
password-new = New password
password-change-submit = Change password
problem-password-wrong = The current password is not right.

## Sessions
sessions-title = Where you are signed in
sessions-text = End sessions that you do not recognise, and change your password then.
sessions-this = this one
sessions-impersonated = An administrator acting as you
sessions-unknown = Unknown program
sessions-from = From { $ip }
sessions-since = Signed in
sessions-seen = last used
sessions-end = End
sessions-none = You are signed in nowhere else.
sessions-others-title = Sign out everywhere else?
sessions-others-text = All your sessions but this one end at once, on every device.
sessions-others-submit = Sign out everywhere else

## API keys
keys-text = With a key, a program of yours may do what you may. Keep keys secret, and revoke those that you no longer need.
keys-new = New API key
keys-none = You have no API keys.
key-expired = expired
key-revoked = revoked
key-rotated = replaced
key-everything = May do all that you may.
key-made = Made
key-used = last used
key-unused = never used
key-ends = ends on
key-rotate = Replace
key-revoke = Revoke
key-name = Name
key-name-hint = What is it for? Only you see it.
key-life = Valid for
key-life-days = { $count ->
    [one] { $count } day
   *[other] { $count } days
}
key-life-never = No end
key-narrow = Narrow what it may do
key-narrow-hint = Tick nothing for all that you may.
key-make = Make key
key-made-title = Your new API key
key-made-text = This is the key “{ $name }”. It is shown this once.
key-made-label = API key
key-made-hint = Copy it to a safe place now. If you lose it, make another one.
key-made-done = I have kept it
key-revoke-title = Revoke “{ $name }”?
key-revoke-text = Programs that use it are refused at once. This cannot be undone.
key-rotate-title = Replace “{ $name }”?
key-rotate-text = You get a new key that may do the same. The old one stays valid for another day.

## Privacy
privacy-kept = What is kept about you
privacy-since = Your account has been here since
privacy-profile = Your profile: name, company, phone and e-mail address
privacy-sessions = Where you are signed in, with address and browser
privacy-keys = Your API keys, without their secrets
privacy-audit = A log of security events, such as sign-ins
privacy-data = Your data
privacy-data-text = Take along what is kept about your account, as a JSON document.
privacy-download = Download

## Devices
account-devices = Devices
account-devices-about = What you have signed in with.
notice-device-named = The device has its name.
notice-device-removed = The device is forgotten, and its sessions have ended.
devices-text = Names help you to recognise devices. Forget those that you no longer use, or that are not yours.
devices-none = There are no devices.
devices-this = this one
devices-trusted = trusted until
devices-first = First seen
devices-seen = last seen
device-name = Name
device-rename = Rename
device-forget = Forget
device-forget-title = Forget “{ $name }”?
device-forget-text = It is signed out at once. When somebody signs in with it again, you are told by mail.
privacy-devices = The devices that you have signed in with

## Second factors
account-factors = Two-step verification
account-factors-about = A code beside the password.
notice-factor-added = It is set up. Your other sessions have ended.
notice-factor-removed = It is removed. Your other sessions have ended.
notice-factor-needed = That page needs a second step when you sign in. Set one up here, then open the page again.
notice-sign-in-again = Please sign in again: this needs a recent sign-in, with a passkey or the second step if you have one.
factors-text = Beside the password you are asked for a code that only you can have. Whoever learns your password cannot get in with it alone.
factors-none = You have not set up a second step yet.
factor-app = Authenticator app
factor-phone = Text messages
factor-since = Set up
factor-remove = Remove
factor-remove-title = Remove “{ $name }”?
factor-remove-text = You are no longer asked for it. Your other sessions end.
factor-add-app = Set up an authenticator app
factor-add-phone = Set up text messages
factor-app-text = You need an app that shows codes, such as the password manager of your phone. The next page shows what it scans.
factor-phone-text = We send a code to your phone whenever you sign in. An app is safer, and works without a network.
factor-phone-send = Send code
factor-scan = Scan this with the app:
factor-qr = QR code for the authenticator app
factor-type = Or type this key into it:
factor-open = Open it in an app on this device
factor-sent = We have sent a code to your phone. It is valid for five minutes.
codes-title = Backup codes
codes-new = Make new codes
codes-new-title = Make new backup codes?
codes-new-text = The old ones work no more.
codes-made-title = Your backup codes
codes-made-text = Each code works once, for the day you have lost your app or phone. They are shown this once.
codes-made-hint = Print them or write them down, and keep them apart from your phone.
codes-made-download = Download as text
codes-made-print = Print
codes-made-done = I have kept them
problem-mfa-unconfirmed = The code is not right, or it has expired. Wait for the next one, or begin anew.
problem-mfa-off = Second factors are not used here.
problem-mfa-needed = You must have a second factor here. Set up another one before you remove this one.
problem-mfa-too-many = You have as many as there may be. Remove one first.
codes-left = { $count ->
    [one] { $count } code left
   *[other] { $count } codes left
}

## Passkeys
account-passkeys = Passkeys
account-passkeys-about = Sign in without a password.
notice-passkey-added = Your passkey is ready. You can sign in with it from now on.
notice-passkey-named = The passkey has its name.
notice-passkey-removed = The passkey is removed.
passkeys-text = A passkey is on a device of yours and signs you in by your fingerprint, your face or a PIN: no password, and nothing that a false page could ask you for.
passkeys-none = You have no passkeys yet.
passkey-add = Add a passkey
passkey-add-text = Your browser asks where to keep the passkey: on this device, on a phone, or on a security key.
passkey-synced = For { $host }. It may be on several of your devices.
passkey-single = For { $host }. It is on one device only.
passkey-remove-text = You cannot sign in with it any more. Delete it on your device, too.
problem-passkey-refused = The passkey could not be added. Please try again, with a device that checks a fingerprint, a face or a PIN.
problem-passkey-exists = This passkey is in your list already.
problem-passkey-no-host = Passkeys cannot be used at this address. Please ask your administrator.
privacy-factors = Your second factors and passkeys, without their secrets

## Leaving
account-verify = Send a mail to confirm it
leave-title = Delete account
leave-about = You can delete your account. Everything that is signed in with it ends at once.
leave-text = All your sessions and API keys end, and nobody can sign in any more. An administrator can restore the account as long as it is kept.
leave-type = Type { $login } to confirm
leave-submit = Delete my account
fault-not-the-same = Please type exactly what is shown.
notice-account-deleted = Your account is deleted.
problem-last-super-admin = You are the last administrator who may do everything. Make somebody else one first.
