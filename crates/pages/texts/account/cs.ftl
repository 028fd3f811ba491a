
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
account-privacy-about = Co se o vás uchovává, i ke stažení.
account-last-login = Poslední přihlášení:
account-unverified = Adresa { $email } ještě není potvrzena.
save = Uložit
cancel = Zrušit
notice-profile-saved = Váš profil je uložen.
notice-email-asked = Na novou adresu jsme poslali e-mail. Adresu potvrdíte otevřením odkazu, který obsahuje.
notice-password-changed = Vaše heslo bylo změněno. Všude jinde jste odhlášeni.
notice-session-ended = Relace byla ukončena.
notice-session-gone = Tato relace už byla ukončena.
notice-sessions-ended = Všude jinde jste odhlášeni.
notice-key-revoked = Klíč byl zneplatněn.
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
ago-long = { $date }
date = { $day }. { $month ->
    [1] ledna
    [2] února
    [3] března
    [4] dubna
    [5] května
    [6] června
    [7] července
    [8] srpna
    [9] září
    [10] října
    [11] listopadu
   *[12] prosince
} { $year }

## Profil, adresa a heslo
profile-name = Jméno
profile-company = Firma
profile-phone = Telefon
profile-phone-hint = V mezinárodním tvaru, například +49 30 123456.
profile-elsewhere = To lze změnit jen prostřednictvím aplikace: ptá se na víc, než tato stránka umí.
profile-email = E-mailová adresa
profile-email-change = Změnit e-mailovou adresu
profile-no-email = Není uvedena.
email-title = Změnit e‑mailovou adresu
email-text = Na novou adresu pošleme e-mail. Platit začne, jakmile otevřete odkaz v něm; na současnou adresu přijde upozornění.
email-now = Nyní: { $email }
email-new = Nová e-mailová adresa
email-submit = Poslat e-mail
password-change-title = Změnit heslo
password-change-text = Po změně budou všechny vaše ostatní relace ukončeny.
password-current = Současné heslo
password-new = Nové heslo
password-change-submit = Změnit heslo
problem-password-wrong = Současné heslo není správné.

## Relace
sessions-title = Kde jste přihlášeni
sessions-text = Ukončete relace, které nepoznáváte, a poté si změňte heslo.
sessions-this = tato relace
sessions-impersonated = Správce, který jedná za vás
sessions-unknown = Neznámý program
sessions-from = Z adresy { $ip }
sessions-since = Přihlášeno
sessions-seen = naposledy použito
sessions-end = Ukončit
sessions-none = Nikde jinde přihlášeni nejste.
sessions-others-title = Odhlásit se všude jinde?
sessions-others-text = Všechny vaše relace kromě této budou okamžitě ukončeny, na každém zařízení.
sessions-others-submit = Odhlásit se všude jinde

## Klíče API
keys-text = S klíčem smí program to, co smíte vy. Klíče držte v tajnosti a zneplatněte ty, které už nepotřebujete.
keys-new = Nový klíč API
keys-none = Nemáte žádné klíče API.
key-expired = vypršel
key-revoked = zneplatněn
key-rotated = nahrazen
key-everything = Smí vše, co smíte vy.
key-made = Vytvořeno
key-used = naposledy použito
key-unused = nikdy nepoužito
key-ends = platí do
key-rotate = Nahradit
key-revoke = Zneplatnit
key-name = Název
key-name-hint = K čemu klíč slouží? Vidíte to jen vy.
key-life = Platnost
key-life-days = { $count ->
    [one] { $count } den
    [few] { $count } dny
   *[other] { $count } dní
}
key-life-never = Neomezená
key-narrow = Omezit oprávnění
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
privacy-sessions = Kde jste přihlášeni, s IP adresou a prohlížečem
privacy-keys = Vaše klíče API, bez jejich tajné části
privacy-audit = Záznam bezpečnostních událostí, například přihlášení
privacy-data = Vaše data
privacy-data-text = Stáhněte si, co se o vašem účtu uchovává, jako dokument JSON.
privacy-download = Stáhnout

## Zařízení
account-devices = Zařízení
account-devices-about = Z čeho jste se přihlásili.
notice-device-named = Název zařízení je uložen.
notice-device-removed = Zařízení bylo zapomenuto a jeho relace byly ukončeny.
devices-text = Názvy vám pomohou zařízení poznat. Zapomeňte ta, která už nepoužíváte nebo která nejsou vaše.
devices-none = Žádná zařízení tu nejsou.
devices-this = toto zařízení
devices-trusted = Důvěryhodné do
devices-first = Poprvé použito
devices-seen = naposledy použito
device-name = Název
device-rename = Přejmenovat
device-forget = Zapomenout
device-forget-title = Zapomenout „{ $name }“?
device-forget-text = Ihned bude odhlášeno. Když se z něj někdo znovu přihlásí, dozvíte se to e-mailem.
privacy-devices = Zařízení, ze kterých jste se přihlásili

## Druhé faktory
account-factors = Dvoufázové ověření
account-factors-about = Kód navíc k heslu.
notice-factor-added = Druhý krok je nastaven. Vaše ostatní relace byly ukončeny.
notice-factor-removed = Druhý krok byl odebrán. Vaše ostatní relace byly ukončeny.
notice-factor-needed = Tato stránka vyžaduje při přihlášení druhý krok. Nastavte si ho zde a pak stránku otevřete znovu.
notice-sign-in-again = Přihlaste se prosím znovu: je k tomu třeba nedávné přihlášení, a to přístupovým klíčem nebo s druhým krokem, pokud je máte.
factors-text = Kromě hesla se vás zeptáme i na kód, který můžete mít jen vy. Samotné heslo tak nikomu k přihlášení nestačí.
factors-none = Druhý krok zatím nemáte nastavený.
factor-app = Ověřovací aplikace
factor-phone = SMS
factor-since = Nastaveno
factor-remove = Odebrat
factor-remove-title = Odebrat „{ $name }“?
factor-remove-text = Už ho nebudeme vyžadovat. Vaše ostatní relace budou ukončeny.
factor-add-app = Nastavit ověřovací aplikaci
factor-add-phone = Nastavit SMS
factor-app-text = Potřebujete aplikaci, která zobrazuje kódy, třeba správce hesel ve vašem telefonu. Další stránka ukáže, co má načíst.
factor-phone-text = Při každém přihlášení pošleme kód na váš telefon. Aplikace je bezpečnější a funguje i bez sítě.
factor-phone-send = Poslat kód
factor-scan = Načtěte tento kód aplikací:
factor-qr = QR kód pro ověřovací aplikaci
factor-type = Nebo do ní opište tento klíč:
factor-open = Otevřít v aplikaci na tomto zařízení
factor-sent = Na váš telefon jsme poslali kód. Platí pět minut.
codes-title = Záložní kódy
codes-new = Vytvořit nové kódy
codes-new-title = Vytvořit nové záložní kódy?
codes-new-text = Staré přestanou platit.
codes-made-title = Vaše záložní kódy
codes-made-text = Každý kód platí jen jednou, pro případ, že přijdete o aplikaci nebo telefon. Zobrazí se jen tentokrát.
codes-made-hint = Vytiskněte je nebo opište a uložte odděleně od telefonu.
codes-made-download = Stáhnout jako text
codes-made-print = Vytisknout
codes-made-done = Mám je uložené
problem-mfa-unconfirmed = Kód není správný nebo vypršel. Počkejte na další, nebo začněte znovu.
problem-mfa-off = Dvoufázové ověření se zde nepoužívá.
problem-mfa-needed = Druhý faktor je zde povinný. Než odeberete tento, nastavte jiný.
problem-mfa-too-many = Dosáhli jste maximálního počtu. Nejprve jeden odeberte.
codes-left = { $count ->
    [one] Zbývá { $count } kód
    [few] Zbývají { $count } kódy
   *[other] Zbývá { $count } kódů
}

## Přístupové klíče
account-passkeys = Přístupové klíče
account-passkeys-about = Přihlášení bez hesla.
notice-passkey-added = Váš přístupový klíč je připraven. Odteď se jím můžete přihlásit.
notice-passkey-named = Název přístupového klíče je uložen.
notice-passkey-removed = Přístupový klíč byl odebrán.
passkeys-text = Přístupový klíč je uložen na vašem zařízení a přihlásí vás otiskem prstu, obličejem nebo PINem: bez hesla a bez čehokoli, na co by se vás mohla zeptat podvodná stránka.
passkeys-none = Zatím nemáte žádné přístupové klíče.
passkey-add = Přidat přístupový klíč
passkey-add-text = Prohlížeč se zeptá, kam přístupový klíč uložit: na toto zařízení, do telefonu nebo na bezpečnostní klíč.
passkey-synced = Pro { $host }. Může být na několika vašich zařízeních.
passkey-single = Pro { $host }. Je jen na jednom zařízení.
passkey-remove-text = Už se jím nepřihlásíte. Smažte jej i na svém zařízení.
problem-passkey-refused = Přístupový klíč se nepodařilo přidat. Zkuste to prosím znovu se zařízením, které ověřuje otisk prstu, obličej nebo PIN.
problem-passkey-exists = Tento přístupový klíč už je ve vašem seznamu.
problem-passkey-no-host = Na této adrese nelze přístupové klíče používat. Obraťte se prosím na svého správce.
privacy-factors = Vaše druhé faktory a přístupové klíče, bez tajných údajů

## Leaving
account-verify = Poslat potvrzovací e-mail
leave-title = Smazat účet
leave-about = Svůj účet můžete smazat. Vše, co je s ním přihlášeno, bude ihned odhlášeno.
leave-text = Všechny vaše relace a klíče API přestanou platit a nikdo se už nepřihlásí. Dokud je účet uchováván, může jej správce obnovit.
leave-type = Pro potvrzení napište { $login }
leave-submit = Smazat můj účet
fault-not-the-same = Napište prosím přesně to, co je uvedeno.
notice-account-deleted = Váš účet byl smazán.
problem-last-super-admin = Jste poslední správce, který smí vše. Nejprve tuto roli přidělte někomu jinému.
