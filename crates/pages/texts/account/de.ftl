
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
account-privacy-about = Was über Sie gespeichert ist, auch zum Herunterladen.
account-last-login = Letzte Anmeldung:
account-unverified = { $email } ist noch nicht bestätigt.
save = Speichern
cancel = Abbrechen
notice-profile-saved = Ihr Profil wurde gespeichert.
notice-email-asked = Wir haben eine E-Mail an die neue Adresse gesendet. Öffnen Sie den Link darin, um sie zu bestätigen.
notice-password-changed = Ihr Passwort wurde geändert. Überall sonst sind Sie abgemeldet.
notice-session-ended = Die Sitzung wurde beendet.
notice-session-gone = Diese Sitzung war schon beendet.
notice-sessions-ended = Überall sonst sind Sie abgemeldet.
notice-key-revoked = Der Schlüssel wurde widerrufen.
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
ago-long = am { $date }
date = { $day }. { $month ->
    [1] Januar
    [2] Februar
    [3] März
    [4] April
    [5] Mai
    [6] Juni
    [7] Juli
    [8] August
    [9] September
    [10] Oktober
    [11] November
   *[12] Dezember
} { $year }

## Profil, Adresse und Passwort
profile-name = Name
profile-company = Firma
profile-phone = Telefon
profile-phone-hint = Im internationalen Format, etwa +49 30 123456.
profile-elsewhere = Das lässt sich nur über die Anwendung ändern: Sie fragt mehr ab, als diese Seite kann.
profile-email = E-Mail-Adresse
profile-email-change = E-Mail-Adresse ändern
profile-no-email = Es ist keine hinterlegt.
email-title = E‑Mail-Adresse ändern
email-text = Wir senden eine E-Mail an die neue Adresse. Die Änderung gilt, sobald Sie den Link darin öffnen; die bisherige Adresse wird benachrichtigt.
email-now = Derzeit: { $email }
email-new = Neue E-Mail-Adresse
email-submit = E-Mail senden
password-change-title = Passwort ändern
password-change-text = Wenn Sie es ändern, werden alle Ihre anderen Sitzungen beendet.
password-current = Aktuelles Passwort
password-new = Neues Passwort
password-change-submit = Passwort ändern
problem-password-wrong = Das aktuelle Passwort stimmt nicht.

## Sitzungen
sessions-title = Wo Sie angemeldet sind
sessions-text = Beenden Sie Sitzungen, die Sie nicht kennen, und ändern Sie dann Ihr Passwort.
sessions-this = diese Sitzung
sessions-impersonated = Eine Administratorin oder ein Administrator in Ihrem Namen
sessions-unknown = Unbekanntes Programm
sessions-from = Von { $ip }
sessions-since = Angemeldet
sessions-seen = zuletzt verwendet
sessions-end = Beenden
sessions-none = Sie sind sonst nirgends angemeldet.
sessions-others-title = Überall sonst abmelden?
sessions-others-text = Alle Ihre Sitzungen außer dieser werden sofort beendet, auf jedem Gerät.
sessions-others-submit = Überall sonst abmelden

## API-Schlüssel
keys-text = Mit einem Schlüssel darf ein Programm dasselbe wie Sie. Halten Sie Schlüssel geheim, und widerrufen Sie diejenigen, die Sie nicht mehr brauchen.
keys-new = Neuer API-Schlüssel
keys-none = Sie haben keine API-Schlüssel.
key-expired = abgelaufen
key-revoked = widerrufen
key-rotated = ersetzt
key-everything = Darf alles, was Sie dürfen.
key-made = Erstellt
key-used = zuletzt verwendet
key-unused = nie verwendet
key-ends = gültig bis zum
key-rotate = Ersetzen
key-revoke = Widerrufen
key-name = Name
key-name-hint = Wofür ist der Schlüssel? Nur Sie sehen das.
key-life = Gültigkeit
key-life-days = { $count ->
    [one] { $count } Tag
   *[other] { $count } Tage
}
key-life-never = Unbegrenzt
key-narrow = Berechtigungen einschränken
key-narrow-hint = Wenn Sie nichts ankreuzen, darf er alles, was Sie dürfen.
key-make = Schlüssel erstellen
key-made-title = Ihr neuer API-Schlüssel
key-made-text = Das ist der Schlüssel „{ $name }“. Er wird nur dieses eine Mal angezeigt.
key-made-label = API-Schlüssel
key-made-hint = Kopieren Sie ihn jetzt an einen sicheren Ort. Wenn Sie ihn verlieren, erstellen Sie einen neuen.
key-made-done = Ich habe ihn gesichert
key-revoke-title = „{ $name }“ widerrufen?
key-revoke-text = Programme, die ihn verwenden, werden sofort abgewiesen. Das lässt sich nicht rückgängig machen.
key-rotate-title = „{ $name }“ ersetzen?
key-rotate-text = Sie bekommen einen neuen Schlüssel, der dasselbe darf. Der alte gilt noch einen Tag.

## Datenschutz
privacy-kept = Was über Sie gespeichert ist
privacy-since = Ihr Konto besteht seit dem
privacy-profile = Ihr Profil: Name, Firma, Telefon und E-Mail-Adresse
privacy-sessions = Wo Sie angemeldet sind, mit IP-Adresse und Browser
privacy-keys = Ihre API-Schlüssel, ohne den geheimen Teil
privacy-audit = Ein Protokoll von Sicherheitsereignissen wie Anmeldungen
privacy-data = Ihre Daten
privacy-data-text = Laden Sie als JSON-Datei herunter, was zu Ihrem Konto gespeichert ist.
privacy-download = Herunterladen

## Geräte
account-devices = Geräte
account-devices-about = Womit Sie sich angemeldet haben.
notice-device-named = Der Name des Geräts wurde gespeichert.
notice-device-removed = Das Gerät wurde entfernt, und seine Sitzungen wurden beendet.
devices-text = Namen helfen Ihnen, Geräte wiederzuerkennen. Entfernen Sie Geräte, die Sie nicht mehr verwenden oder die Ihnen nicht gehören.
devices-none = Es gibt keine Geräte.
devices-this = dieses Gerät
devices-trusted = Vertrauenswürdig bis zum
devices-first = Erstmals gesehen
devices-seen = zuletzt gesehen
device-name = Name
device-rename = Umbenennen
device-forget = Entfernen
device-forget-title = „{ $name }“ entfernen?
device-forget-text = Es wird sofort abgemeldet. Meldet sich wieder jemand damit an, erfahren Sie es per E-Mail.
privacy-devices = Die Geräte, mit denen Sie sich angemeldet haben

## Zweite Faktoren
account-factors = Bestätigung in zwei Schritten
account-factors-about = Ein Code zusätzlich zum Passwort.
notice-factor-added = Der zweite Schritt ist eingerichtet. Ihre anderen Sitzungen wurden beendet.
notice-factor-removed = Der zweite Schritt wurde entfernt. Ihre anderen Sitzungen wurden beendet.
notice-factor-needed = Für diese Seite brauchen Sie einen zweiten Schritt bei der Anmeldung. Richten Sie ihn hier ein und öffnen Sie die Seite dann erneut.
notice-sign-in-again = Bitte melden Sie sich dafür erneut an, und zwar mit Passkey oder zweitem Schritt, falls eingerichtet.
factors-text = Zusätzlich zum Passwort werden Sie nach einem Code gefragt, den nur Sie haben können. Wer Ihr Passwort erfährt, kommt damit allein nicht hinein.
factors-none = Sie haben noch keinen zweiten Schritt eingerichtet.
factor-app = Authenticator-App
factor-phone = SMS
factor-since = Eingerichtet
factor-remove = Entfernen
factor-remove-title = „{ $name }“ entfernen?
factor-remove-text = Sie werden nicht mehr danach gefragt. Ihre anderen Sitzungen werden beendet.
factor-add-app = Authenticator-App einrichten
factor-add-phone = SMS einrichten
factor-app-text = Sie brauchen eine App, die Codes anzeigt, etwa den Passwortmanager Ihres Telefons. Die nächste Seite zeigt, was Sie damit scannen.
factor-phone-text = Bei jeder Anmeldung senden wir einen Code an Ihr Telefon. Eine App ist sicherer und funktioniert auch ohne Netz.
factor-phone-send = Code senden
factor-scan = Scannen Sie diesen Code mit der App:
factor-qr = QR-Code für die Authenticator-App
factor-type = Oder geben Sie in der App diesen Schlüssel ein:
factor-open = In einer App auf diesem Gerät öffnen
factor-sent = Wir haben einen Code an Ihr Telefon gesendet. Er gilt fünf Minuten.
codes-title = Backup-Codes
codes-new = Neue Codes erstellen
codes-new-title = Neue Backup-Codes erstellen?
codes-new-text = Die alten gelten dann nicht mehr.
codes-made-title = Ihre Backup-Codes
codes-made-text = Jeder Code gilt nur einmal und hilft Ihnen, wenn Sie App oder Telefon verloren haben. Die Codes werden nur dieses eine Mal angezeigt.
codes-made-hint = Drucken Sie die Codes aus, oder schreiben Sie sie auf, und bewahren Sie sie getrennt vom Telefon auf.
codes-made-download = Als Text herunterladen
codes-made-print = Drucken
codes-made-done = Ich habe sie gesichert
problem-mfa-unconfirmed = Der Code stimmt nicht oder ist abgelaufen. Warten Sie auf den nächsten, oder beginnen Sie von vorn.
problem-mfa-off = Die Bestätigung in zwei Schritten wird hier nicht verwendet.
problem-mfa-needed = Hier ist ein zweiter Faktor Pflicht. Richten Sie einen anderen ein, bevor Sie diesen entfernen.
problem-mfa-too-many = Sie haben die Höchstzahl erreicht. Entfernen Sie zuerst einen Eintrag.
codes-left = { $count ->
    [one] { $count } Code übrig
   *[other] { $count } Codes übrig
}

## Passkeys
account-passkeys = Passkeys
account-passkeys-about = Anmelden ohne Passwort.
notice-passkey-added = Ihr Passkey ist bereit. Ab jetzt können Sie sich damit anmelden.
notice-passkey-named = Der Name des Passkeys wurde gespeichert.
notice-passkey-removed = Der Passkey wurde entfernt.
passkeys-text = Ein Passkey ist auf einem Ihrer Geräte gespeichert und meldet Sie mit Fingerabdruck, Gesicht oder PIN an: ohne Passwort und ohne etwas, wonach eine gefälschte Seite fragen könnte.
passkeys-none = Sie haben noch keine Passkeys.
passkey-add = Passkey hinzufügen
passkey-add-text = Ihr Browser fragt, wo der Passkey gespeichert werden soll: auf diesem Gerät, auf einem Telefon oder auf einem Sicherheitsschlüssel.
passkey-synced = Für { $host }. Er kann auf mehreren Ihrer Geräte vorhanden sein.
passkey-single = Für { $host }. Er ist nur auf einem Gerät vorhanden.
passkey-remove-text = Sie können sich damit nicht mehr anmelden. Löschen Sie ihn auch auf Ihrem Gerät.
problem-passkey-refused = Der Passkey konnte nicht hinzugefügt werden. Bitte versuchen Sie es noch einmal, mit einem Gerät, das Fingerabdruck, Gesicht oder PIN prüft.
problem-passkey-exists = Dieser Passkey ist schon in Ihrer Liste.
problem-passkey-no-host = Unter dieser Adresse lassen sich keine Passkeys verwenden. Bitte wenden Sie sich an Ihren Administrator.
privacy-factors = Ihre zweiten Faktoren und Passkeys, ohne die geheimen Daten

## Leaving
account-verify = Bestätigungs-E-Mail senden
leave-title = Konto löschen
leave-about = Sie können Ihr Konto löschen. Alles, was damit angemeldet ist, wird sofort abgemeldet.
leave-text = Alle Ihre Sitzungen und API-Schlüssel werden ungültig, und niemand kann sich mehr anmelden. Ein Administrator kann das Konto wiederherstellen, solange es aufbewahrt wird.
leave-type = Geben Sie zur Bestätigung { $login } ein
leave-submit = Mein Konto löschen
fault-not-the-same = Bitte geben Sie genau das ein, was dort steht.
notice-account-deleted = Ihr Konto wurde gelöscht.
problem-last-super-admin = Sie sind der letzte Administrator, der alles darf. Geben Sie diese Rolle zuerst jemand anderem.
