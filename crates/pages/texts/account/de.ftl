
## Das Konto
account-overview = Übersicht
account-profile = Profil
account-profile-about = Ihr Name, Ihr Telefon und Ihre E-Mail-Adresse.
account-password = Passwort
account-password-about = Ein anderes Passwort wählen.
account-sessions = Sitzungen
account-sessions-about = Wo Sie angemeldet sind.
account-api-keys = API-Schlüssel
account-api-keys-about = Schlüssel für Ihre eigenen Programme.
account-privacy = Datenschutz
account-privacy-about = Was über Sie gespeichert ist, zum Mitnehmen.
account-last-login = Letzte Anmeldung:
account-unverified = { $email } ist noch nicht bestätigt.
save = Speichern
cancel = Abbrechen
notice-profile-saved = Ihr Profil ist gespeichert.
notice-email-asked = Wir haben eine E-Mail an die neue Adresse gesendet. Öffnen Sie den Link darin, um sie zu bestätigen.
notice-password-changed = Ihr Passwort ist geändert. Überall sonst sind Sie abgemeldet.
notice-session-ended = Die Sitzung ist beendet.
notice-session-gone = Diese Sitzung war schon beendet.
notice-sessions-ended = Überall sonst sind Sie abgemeldet.
notice-key-revoked = Der Schlüssel ist widerrufen.
ago-now = gerade eben
ago-minutes = { $count ->
    [one] vor { $count } Minute
   *[other] vor { $count } Minuten
}
ago-hours = { $count ->
    [one] vor { $count } Stunde
   *[other] vor { $count } Stunden
}
ago-days = { $count ->
    [one] vor { $count } Tag
   *[other] vor { $count } Tagen
}

## Profil, Adresse und Passwort
profile-name = Name
profile-company = Firma
profile-phone = Telefon
profile-phone-hint = In internationaler Schreibweise, etwa +49 30 123456.
profile-email = E-Mail-Adresse
profile-email-change = E-Mail-Adresse ändern
profile-no-email = Es gibt keine.
email-title = E-Mail-Adresse ändern
email-text = Wir senden eine E-Mail an die neue Adresse. Sie gilt, sobald Sie den Link darin öffnen; die jetzige Adresse erfährt davon.
email-now = Zurzeit: { $email }
email-new = Neue E-Mail-Adresse
email-submit = E-Mail senden
password-change-title = Passwort ändern
password-change-text = Alle Ihre anderen Sitzungen enden mit der Änderung.
password-current = Jetziges Passwort
password-new = Neues Passwort
password-change-submit = Passwort ändern
problem-password-wrong = Das jetzige Passwort stimmt nicht.

## Sitzungen
sessions-title = Wo Sie angemeldet sind
sessions-text = Beenden Sie Sitzungen, die Sie nicht kennen, und ändern Sie dann Ihr Passwort.
sessions-this = diese hier
sessions-from = Von { $ip }
sessions-since = Angemeldet
sessions-seen = zuletzt benutzt
sessions-end = Beenden
sessions-none = Sie sind nirgends sonst angemeldet.
sessions-others-title = Überall sonst abmelden?
sessions-others-text = Alle Ihre Sitzungen außer dieser enden sofort, auf jedem Gerät.
sessions-others-submit = Überall sonst abmelden

## API-Schlüssel
keys-text = Mit einem Schlüssel darf ein Programm, was Sie dürfen. Halten Sie Schlüssel geheim, und widerrufen Sie, was Sie nicht mehr brauchen.
keys-new = Neuer API-Schlüssel
keys-none = Sie haben keine API-Schlüssel.
key-expired = abgelaufen
key-revoked = widerrufen
key-rotated = ersetzt
key-everything = Darf alles, was Sie dürfen.
key-made = Erstellt
key-used = zuletzt benutzt
key-unused = nie benutzt
key-ends = endet am
key-rotate = Ersetzen
key-revoke = Widerrufen
key-name = Name
key-name-hint = Wofür ist er? Nur Sie sehen das.
key-life = Gültig für
key-life-days = { $count ->
    [one] { $count } Tag
   *[other] { $count } Tage
}
key-life-never = Ohne Ende
key-narrow = Einschränken, was er darf
key-narrow-hint = Kreuzen Sie nichts an für alles, was Sie dürfen.
key-make = Schlüssel erstellen
key-made-title = Ihr neuer API-Schlüssel
key-made-text = Das ist der Schlüssel „{ $name }“. Er wird nur dieses eine Mal gezeigt.
key-made-label = API-Schlüssel
key-made-hint = Kopieren Sie ihn jetzt an einen sicheren Ort. Ist er verloren, erstellen Sie einen neuen.
key-made-done = Ich habe ihn aufbewahrt
key-revoke-title = „{ $name }“ widerrufen?
key-revoke-text = Programme, die ihn benutzen, werden sofort abgewiesen. Das lässt sich nicht rückgängig machen.
key-rotate-title = „{ $name }“ ersetzen?
key-rotate-text = Sie bekommen einen neuen Schlüssel, der dasselbe darf. Der alte gilt noch einen Tag.

## Datenschutz
privacy-kept = Was über Sie gespeichert ist
privacy-since = Ihr Konto besteht seit
privacy-profile = Ihr Profil: Name, Firma, Telefon und E-Mail-Adresse
privacy-sessions = Wo Sie angemeldet sind, mit Adresse und Browser
privacy-keys = Ihre API-Schlüssel, ohne deren Geheimnis
privacy-audit = Ein Protokoll von Sicherheitsereignissen wie Anmeldungen
privacy-data = Ihre Daten
privacy-data-text = Nehmen Sie mit, was zu Ihrem Konto gespeichert ist, als JSON-Dokument.
privacy-download = Herunterladen

## Geräte
account-devices = Geräte
account-devices-about = Womit Sie sich angemeldet haben.
notice-device-named = Das Gerät hat seinen Namen.
notice-device-removed = Das Gerät ist vergessen, und seine Sitzungen sind beendet.
devices-text = Namen helfen Ihnen, Geräte wiederzuerkennen. Vergessen Sie, was Sie nicht mehr benutzen oder was nicht Ihres ist.
devices-none = Es gibt keine Geräte.
devices-this = dieses hier
devices-trusted = vertrauenswürdig bis
devices-first = Zuerst gesehen
devices-seen = zuletzt gesehen
device-name = Name
device-rename = Namen speichern
device-forget = Vergessen
device-forget-title = „{ $name }“ vergessen?
device-forget-text = Es wird sofort abgemeldet. Meldet sich wieder jemand damit an, erfahren Sie es per E-Mail.
privacy-devices = Die Geräte, mit denen Sie sich angemeldet haben

## Zweite Faktoren
account-factors = Bestätigung in zwei Schritten
account-factors-about = Ein Code neben dem Passwort.
notice-factor-added = Es ist eingerichtet. Ihre anderen Sitzungen sind beendet.
notice-factor-removed = Es ist entfernt. Ihre anderen Sitzungen sind beendet.
notice-sign-in-again = Bitte melden Sie sich erneut an: Dafür muss die Anmeldung frisch sein, mit Passkey oder zweitem Schritt, wenn Sie so etwas haben.
factors-text = Neben dem Passwort werden Sie nach einem Code gefragt, den nur Sie haben können. Wer Ihr Passwort erfährt, kommt damit allein nicht hinein.
factors-none = Sie haben noch keinen zweiten Schritt eingerichtet.
factor-app = Authenticator-App
factor-phone = SMS
factor-since = Eingerichtet
factor-remove = Entfernen
factor-remove-title = „{ $name }“ entfernen?
factor-remove-text = Sie werden nicht mehr danach gefragt. Ihre anderen Sitzungen enden.
factor-add-app = Authenticator-App einrichten
factor-add-phone = SMS einrichten
factor-app-text = Sie brauchen eine App, die Codes anzeigt, etwa den Passwortmanager Ihres Telefons. Die nächste Seite zeigt, was sie einliest.
factor-phone-text = Bei jeder Anmeldung senden wir einen Code an Ihr Telefon. Eine App ist sicherer und braucht kein Netz.
factor-phone-send = Code senden
factor-scan = Lesen Sie dies mit der App ein:
factor-qr = QR-Code für die Authenticator-App
factor-type = Oder tippen Sie diesen Schlüssel ein:
factor-open = In einer App auf diesem Gerät öffnen
factor-sent = Wir haben einen Code an Ihr Telefon gesendet. Er gilt fünf Minuten.
codes-title = Ersatzcodes
codes-new = Neue Codes erstellen
codes-new-title = Neue Ersatzcodes erstellen?
codes-new-text = Die alten gelten dann nicht mehr.
codes-made-title = Ihre Ersatzcodes
codes-made-text = Jeder Code gilt einmal, für den Tag, an dem App oder Telefon verloren sind. Sie werden nur dieses eine Mal gezeigt.
codes-made-hint = Drucken oder schreiben Sie sie auf, und bewahren Sie sie getrennt vom Telefon auf.
codes-made-download = Als Text herunterladen
codes-made-done = Ich habe sie aufbewahrt
problem-mfa-unconfirmed = Der Code stimmt nicht oder ist abgelaufen. Warten Sie auf den nächsten, oder beginnen Sie neu.
problem-mfa-off = Zweite Faktoren werden hier nicht benutzt.
problem-mfa-needed = Hier ist ein zweiter Faktor Pflicht. Richten Sie einen anderen ein, bevor Sie diesen entfernen.
problem-mfa-too-many = Sie haben so viele, wie es geben darf. Entfernen Sie zuerst einen.
codes-left = { $count ->
    [one] { $count } Code übrig
   *[other] { $count } Codes übrig
}

## Passkeys
account-passkeys = Passkeys
account-passkeys-about = Anmelden ohne Passwort.
notice-passkey-added = Ihr Passkey ist bereit. Ab jetzt können Sie sich damit anmelden.
notice-passkey-named = Der Passkey hat seinen Namen.
notice-passkey-removed = Der Passkey ist entfernt.
passkeys-text = Ein Passkey liegt auf einem Ihrer Geräte und meldet Sie mit Fingerabdruck, Gesicht oder PIN an: kein Passwort, und nichts, wonach eine falsche Seite fragen könnte.
passkeys-none = Sie haben noch keine Passkeys.
passkey-add = Passkey hinzufügen
passkey-add-text = Ihr Browser fragt, wo der Passkey liegen soll: auf diesem Gerät, auf einem Telefon oder auf einem Sicherheitsschlüssel.
passkey-synced = Für { $host }. Er kann auf mehreren Ihrer Geräte sein.
passkey-single = Für { $host }. Er ist nur auf einem Gerät.
passkey-remove-text = Sie können sich damit nicht mehr anmelden. Löschen Sie ihn auch auf Ihrem Gerät.
problem-passkey-refused = Der Passkey konnte nicht hinzugefügt werden. Bitte versuchen Sie es noch einmal, mit einem Gerät, das Fingerabdruck, Gesicht oder PIN prüft.
problem-passkey-exists = Dieser Passkey ist schon in Ihrer Liste.
problem-passkey-no-host = Unter dieser Adresse lassen sich keine Passkeys benutzen. Bitte wenden Sie sich an Ihre Administration.
privacy-factors = Ihre zweiten Faktoren und Passkeys, ohne ihre Geheimnisse

## Leaving
account-verify = Mail zur Bestätigung senden
leave-title = Konto löschen
leave-about = Sie können Ihr Konto löschen. Alles, was damit angemeldet ist, endet sofort.
leave-text = Alle Ihre Sitzungen und API-Schlüssel enden, und niemand kann sich mehr anmelden. Ein Administrator kann das Konto wiederherstellen, solange es aufbewahrt wird.
leave-type = Geben Sie zur Bestätigung { $login } ein
leave-submit = Mein Konto löschen
fault-not-the-same = Bitte geben Sie genau das ein, was dort steht.
notice-account-deleted = Ihr Konto ist gelöscht.
problem-last-super-admin = Sie sind der letzte Administrator, der alles darf. Machen Sie zuerst jemand anderen dazu.
