
## Účet
account-overview = Přehled
account-profile = Profil
account-profile-about = Vaše jméno, telefon a e-mailová adresa.
account-password = Heslo
account-password-about = Zvolit jiné heslo.
account-sessions = Relace
account-sessions-about = Kde jste přihlášeni.
account-api-keys = Klíče API
account-api-keys-about = Klíče pro vaše vlastní programy.
account-privacy = Soukromí
account-privacy-about = Co se o vás uchovává, ke stažení.
account-last-login = Poslední přihlášení:
account-unverified = Adresa { $email } ještě není potvrzena.
save = Uložit
cancel = Zrušit
notice-profile-saved = Váš profil je uložen.
notice-email-asked = Na novou adresu jsme poslali zprávu. Potvrďte ji otevřením odkazu, který obsahuje.
notice-password-changed = Vaše heslo je změněno. Všude jinde jste odhlášeni.
notice-session-ended = Relace je ukončena.
notice-session-gone = Tato relace už byla ukončena.
notice-sessions-ended = Všude jinde jste odhlášeni.
notice-key-revoked = Klíč je zneplatněn.
ago-now = právě teď
ago-minutes = { $count ->
    [one] před { $count } minutou
   *[other] před { $count } minutami
}
ago-hours = { $count ->
    [one] před { $count } hodinou
   *[other] před { $count } hodinami
}
ago-days = { $count ->
    [one] před { $count } dnem
   *[other] před { $count } dny
}

## Profil, adresa a heslo
profile-name = Jméno
profile-company = Firma
profile-phone = Telefon
profile-phone-hint = V mezinárodním tvaru, například +49 30 123456.
profile-email = E-mailová adresa
profile-email-change = Změnit e-mailovou adresu
profile-no-email = Žádná není.
email-title = Změnit e-mailovou adresu
email-text = Na novou adresu pošleme zprávu. Platit začne, až otevřete odkaz v ní; současnou adresu o tom zpravíme.
email-now = Nyní: { $email }
email-new = Nová e-mailová adresa
email-submit = Poslat zprávu
password-change-title = Změnit heslo
password-change-text = Změnou skončí všechny vaše ostatní relace.
password-current = Současné heslo
password-new = Nové heslo
password-change-submit = Změnit heslo
problem-password-wrong = Současné heslo není správné.

## Relace
sessions-title = Kde jste přihlášeni
sessions-text = Ukončete relace, které nepoznáváte, a poté si změňte heslo.
sessions-this = tato
sessions-from = Z adresy { $ip }
sessions-since = Přihlášení
sessions-seen = naposledy použito
sessions-end = Ukončit
sessions-none = Nikde jinde přihlášeni nejste.
sessions-others-title = Odhlásit se všude jinde?
sessions-others-text = Všechny vaše relace kromě této okamžitě skončí, na každém zařízení.
sessions-others-submit = Odhlásit se všude jinde

## Klíče API
keys-text = S klíčem smí program to, co smíte vy. Klíče držte v tajnosti a zneplatněte ty, které už nepotřebujete.
keys-new = Nový klíč API
keys-none = Nemáte žádné klíče API.
key-expired = vypršel
key-revoked = zneplatněn
key-rotated = nahrazen
key-everything = Smí vše, co smíte vy.
key-made = Vytvořen
key-used = naposledy použit
key-unused = nikdy nepoužit
key-ends = končí
key-rotate = Nahradit
key-revoke = Zneplatnit
key-name = Název
key-name-hint = K čemu je? Vidíte to jen vy.
key-life = Platnost
key-life-days = { $count ->
    [one] { $count } den
    [few] { $count } dny
   *[other] { $count } dní
}
key-life-never = Bez konce
key-narrow = Omezit, co smí
key-narrow-hint = Nezaškrtnete-li nic, smí vše, co smíte vy.
key-make = Vytvořit klíč
key-made-title = Váš nový klíč API
key-made-text = Toto je klíč „{ $name }“. Zobrazí se jen tentokrát.
key-made-label = Klíč API
key-made-hint = Zkopírujte ho teď na bezpečné místo. Když ho ztratíte, vytvořte si jiný.
key-made-done = Mám ho uložený
key-revoke-title = Zneplatnit „{ $name }“?
key-revoke-text = Programy, které ho používají, budou ihned odmítnuty. Nelze to vrátit zpět.
key-rotate-title = Nahradit „{ $name }“?
key-rotate-text = Dostanete nový klíč, který smí totéž. Starý platí ještě jeden den.

## Soukromí
privacy-kept = Co se o vás uchovává
privacy-since = Váš účet existuje od
privacy-profile = Váš profil: jméno, firma, telefon a e-mailová adresa
privacy-sessions = Kde jste přihlášeni, s adresou a prohlížečem
privacy-keys = Vaše klíče API, bez jejich tajemství
privacy-audit = Záznam bezpečnostních událostí, například přihlášení
privacy-data = Vaše data
privacy-data-text = Vezměte si, co se o vašem účtu uchovává, jako dokument JSON.
privacy-download = Stáhnout

## Zařízení
account-devices = Zařízení
account-devices-about = Čím jste se přihlásili.
notice-device-named = Zařízení má svůj název.
notice-device-removed = Zařízení je zapomenuto a jeho relace skončily.
devices-text = Názvy vám pomohou zařízení poznat. Zapomeňte ta, která už nepoužíváte nebo která nejsou vaše.
devices-none = Žádná zařízení tu nejsou.
devices-this = toto
devices-trusted = důvěryhodné do
devices-first = Poprvé
devices-seen = naposledy
device-name = Název
device-rename = Uložit název
device-forget = Zapomenout
device-forget-title = Zapomenout „{ $name }“?
device-forget-text = Ihned bude odhlášeno. Když se jím někdo znovu přihlásí, dozvíte se to e-mailem.
privacy-devices = Zařízení, kterými jste se přihlásili

## Druhé faktory
account-factors = Dvoufázové ověření
account-factors-about = Kód kromě hesla.
notice-factor-added = Je nastaveno. Vaše ostatní relace skončily.
notice-factor-removed = Je odebráno. Vaše ostatní relace skončily.
notice-sign-in-again = Přihlaste se prosím znovu: je k tomu třeba čerstvé přihlášení, a to přístupovým klíčem nebo s druhým krokem, pokud je máte.
factors-text = Kromě hesla se vás zeptáme na kód, který můžete mít jen vy. Kdo zjistí vaše heslo, jen s ním se dovnitř nedostane.
factors-none = Druhý krok zatím nemáte nastaven.
factor-app = Ověřovací aplikace
factor-phone = SMS
factor-since = Nastaveno
factor-remove = Odebrat
factor-remove-title = Odebrat „{ $name }“?
factor-remove-text = Už se na něj nebudeme ptát. Vaše ostatní relace skončí.
factor-add-app = Nastavit ověřovací aplikaci
factor-add-phone = Nastavit SMS
factor-app-text = Potřebujete aplikaci, která ukazuje kódy, třeba správce hesel ve vašem telefonu. Další stránka ukáže, co má načíst.
factor-phone-text = Při každém přihlášení pošleme kód na váš telefon. Aplikace je bezpečnější a funguje i bez sítě.
factor-phone-send = Poslat kód
factor-scan = Načtěte toto aplikací:
factor-qr = QR kód pro ověřovací aplikaci
factor-type = Nebo do ní opište tento klíč:
factor-open = Otevřít v aplikaci na tomto zařízení
factor-sent = Na váš telefon jsme poslali kód. Platí pět minut.
codes-title = Záložní kódy
codes-new = Vytvořit nové kódy
codes-new-title = Vytvořit nové záložní kódy?
codes-new-text = Staré přestanou platit.
codes-made-title = Vaše záložní kódy
codes-made-text = Každý kód platí jednou, pro den, kdy přijdete o aplikaci nebo telefon. Zobrazí se jen tentokrát.
codes-made-hint = Vytiskněte je nebo opište a uložte odděleně od telefonu.
codes-made-download = Stáhnout jako text
codes-made-done = Mám je uložené
problem-mfa-unconfirmed = Kód není správný, nebo vypršel. Počkejte na další, nebo začněte znovu.
problem-mfa-off = Druhé faktory se zde nepoužívají.
problem-mfa-needed = Druhý faktor je zde povinný. Než odeberete tento, nastavte jiný.
problem-mfa-too-many = Máte jich tolik, kolik smíte mít. Nejprve jeden odeberte.
codes-left = { $count ->
    [one] Zbývá { $count } kód
    [few] Zbývají { $count } kódy
   *[other] Zbývá { $count } kódů
}

## Přístupové klíče
account-passkeys = Přístupové klíče
account-passkeys-about = Přihlášení bez hesla.
notice-passkey-added = Váš přístupový klíč je připraven. Odteď se jím můžete přihlásit.
notice-passkey-named = Přístupový klíč má své jméno.
notice-passkey-removed = Přístupový klíč je odstraněn.
passkeys-text = Přístupový klíč je na vašem zařízení a přihlásí vás otiskem prstu, obličejem nebo PINem: bez hesla a bez čehokoli, na co by se vás mohla ptát falešná stránka.
passkeys-none = Zatím nemáte žádné přístupové klíče.
passkey-add = Přidat přístupový klíč
passkey-add-text = Prohlížeč se zeptá, kam přístupový klíč uložit: na toto zařízení, do telefonu, nebo na bezpečnostní klíč.
passkey-synced = Pro { $host }. Může být na několika vašich zařízeních.
passkey-single = Pro { $host }. Je jen na jednom zařízení.
passkey-remove-text = Už se jím nepřihlásíte. Smažte jej i na svém zařízení.
problem-passkey-refused = Přístupový klíč se nepodařilo přidat. Zkuste to prosím znovu se zařízením, které ověřuje otisk prstu, obličej nebo PIN.
problem-passkey-exists = Tento přístupový klíč už je ve vašem seznamu.
problem-passkey-no-host = Na této adrese nelze přístupové klíče používat. Obraťte se prosím na svého správce.
privacy-factors = Vaše druhé faktory a přístupové klíče, bez jejich tajemství

## Leaving
account-verify = Poslat e-mail k potvrzení
leave-title = Smazat účet
leave-about = Svůj účet můžete smazat. Vše, co je s ním přihlášeno, ihned skončí.
leave-text = Všechny vaše relace a klíče API skončí a nikdo se už nepřihlásí. Dokud je účet uchováván, může jej správce obnovit.
leave-type = Pro potvrzení napište { $login }
leave-submit = Smazat můj účet
fault-not-the-same = Napište prosím přesně to, co je uvedeno.
notice-account-deleted = Váš účet je smazán.
problem-last-super-admin = Jste poslední správce, který může vše. Nejprve jím učiňte někoho jiného.
