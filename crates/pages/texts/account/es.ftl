
## La cuenta
account-overview = Resumen
account-profile = Perfil
account-profile-about = Tu nombre, tu teléfono y tu dirección de correo.
account-password = Contraseña
account-password-about = Elegir otra contraseña.
account-sessions = Sesiones
account-sessions-about = Dónde has iniciado sesión.
account-api-keys = Claves de API
account-api-keys-about = Claves para tus propios programas.
account-privacy = Privacidad
account-privacy-about = Lo que se guarda sobre ti, para llevártelo.
account-last-login = Último inicio de sesión:
account-unverified = { $email } aún no está confirmada.
save = Guardar
cancel = Cancelar
notice-profile-saved = Tu perfil se ha guardado.
notice-email-asked = Hemos enviado un correo a la nueva dirección. Abre el enlace que contiene para confirmarla.
notice-password-changed = Tu contraseña ha cambiado. Se ha cerrado tu sesión en todos los demás lugares.
notice-session-ended = La sesión ha terminado.
notice-session-gone = Esa sesión ya había terminado.
notice-sessions-ended = Se ha cerrado tu sesión en todos los demás lugares.
notice-key-revoked = La clave está revocada.
ago-now = ahora mismo
ago-minutes = { $count ->
    [one] hace { $count } minuto
   *[other] hace { $count } minutos
}
ago-hours = { $count ->
    [one] hace { $count } hora
   *[other] hace { $count } horas
}
ago-days = { $count ->
    [one] hace { $count } día
   *[other] hace { $count } días
}

## Perfil, dirección y contraseña
profile-name = Nombre
profile-company = Empresa
profile-phone = Teléfono
profile-phone-hint = En formato internacional, por ejemplo +49 30 123456.
profile-email = Dirección de correo
profile-email-change = Cambiar la dirección de correo
profile-no-email = No hay ninguna.
email-title = Cambiar la dirección de correo
email-text = Enviamos un correo a la nueva dirección. Será la tuya cuando abras el enlace que contiene; avisamos a la dirección actual.
email-now = Actualmente: { $email }
email-new = Nueva dirección de correo
email-submit = Enviar correo
password-change-title = Cambiar la contraseña
password-change-text = Todas tus demás sesiones terminan al cambiarla.
password-current = Contraseña actual
password-new = Nueva contraseña
password-change-submit = Cambiar la contraseña
problem-password-wrong = La contraseña actual no es correcta.

## Sesiones
sessions-title = Dónde has iniciado sesión
sessions-text = Termina las sesiones que no reconozcas y cambia después tu contraseña.
sessions-this = esta
sessions-from = Desde { $ip }
sessions-since = Iniciada
sessions-seen = usada por última vez
sessions-end = Terminar
sessions-none = No tienes ninguna otra sesión.
sessions-others-title = ¿Cerrar sesión en todos los demás lugares?
sessions-others-text = Todas tus sesiones salvo esta terminan de inmediato, en todos los dispositivos.
sessions-others-submit = Cerrar sesión en los demás lugares

## Claves de API
keys-text = Con una clave, un programa puede hacer lo mismo que tú. Mantén las claves en secreto y revoca las que ya no necesites.
keys-new = Nueva clave de API
keys-none = No tienes claves de API.
key-expired = caducada
key-revoked = revocada
key-rotated = sustituida
key-everything = Puede hacer todo lo que tú puedes hacer.
key-made = Creada
key-used = usada por última vez
key-unused = nunca usada
key-ends = termina el
key-rotate = Sustituir
key-revoke = Revocar
key-name = Nombre
key-name-hint = ¿Para qué es? Solo tú lo ves.
key-life = Válida durante
key-life-days = { $count ->
    [one] { $count } día
   *[other] { $count } días
}
key-life-never = Sin fin
key-narrow = Limitar lo que puede hacer
key-narrow-hint = No marques nada para que pueda hacer todo lo que tú puedes hacer.
key-make = Crear clave
key-made-title = Tu nueva clave de API
key-made-text = Esta es la clave «{ $name }». Solo se muestra esta vez.
key-made-label = Clave de API
key-made-hint = Cópiala ahora en un lugar seguro. Si la pierdes, crea otra.
key-made-done = La he guardado
key-revoke-title = ¿Revocar «{ $name }»?
key-revoke-text = Los programas que la usan se rechazan de inmediato. No se puede deshacer.
key-rotate-title = ¿Sustituir «{ $name }»?
key-rotate-text = Recibes una nueva clave con los mismos permisos. La antigua sigue siendo válida un día más.

## Privacidad
privacy-kept = Lo que se guarda sobre ti
privacy-since = Tu cuenta existe desde el
privacy-profile = Tu perfil: nombre, empresa, teléfono y dirección de correo
privacy-sessions = Dónde has iniciado sesión, con dirección y navegador
privacy-keys = Tus claves de API, sin su secreto
privacy-audit = Un registro de eventos de seguridad, como los inicios de sesión
privacy-data = Tus datos
privacy-data-text = Llévate lo que se guarda de tu cuenta, como documento JSON.
privacy-download = Descargar

## Dispositivos
account-devices = Dispositivos
account-devices-about = Con qué has iniciado sesión.
notice-device-named = El dispositivo tiene su nombre.
notice-device-removed = El dispositivo se ha olvidado y sus sesiones han terminado.
devices-text = Los nombres te ayudan a reconocer tus dispositivos. Olvida los que ya no uses o que no sean tuyos.
devices-none = No hay dispositivos.
devices-this = este
devices-trusted = de confianza hasta el
devices-first = Visto por primera vez
devices-seen = visto por última vez
device-name = Nombre
device-rename = Guardar nombre
device-forget = Olvidar
device-forget-title = ¿Olvidar «{ $name }»?
device-forget-text = Sus sesiones se cierran de inmediato. Si alguien vuelve a usarlo para iniciar sesión, te lo comunicamos por correo.
privacy-devices = Los dispositivos con los que has iniciado sesión

## Segundos factores
account-factors = Verificación en dos pasos
account-factors-about = Un código además de la contraseña.
notice-factor-added = Está configurado. Tus demás sesiones han terminado.
notice-factor-removed = Está eliminado. Tus demás sesiones han terminado.
notice-sign-in-again = Vuelve a iniciar sesión: hace falta un inicio de sesión reciente, con una llave de acceso o el segundo paso si los tienes.
factors-text = Además de la contraseña se te pide un código que solo tú puedes tener. Quien conozca tu contraseña no puede entrar solo con ella.
factors-none = Aún no has configurado un segundo paso.
factor-app = Aplicación de autenticación
factor-phone = Mensajes SMS
factor-since = Configurado
factor-remove = Eliminar
factor-remove-title = ¿Eliminar «{ $name }»?
factor-remove-text = Ya no se te pedirá. Tus demás sesiones terminan.
factor-add-app = Configurar una aplicación de autenticación
factor-add-phone = Configurar mensajes SMS
factor-app-text = Necesitas una aplicación que muestre códigos, como el gestor de contraseñas de tu teléfono. La página siguiente muestra lo que lee.
factor-phone-text = Enviamos un código a tu teléfono cada vez que inicias sesión. Una aplicación es más segura y funciona sin red.
factor-phone-send = Enviar código
factor-scan = Escanea esto con la aplicación:
factor-qr = Código QR para la aplicación de autenticación
factor-type = O escribe esta clave:
factor-open = Abrirlo en una aplicación de este dispositivo
factor-sent = Hemos enviado un código a tu teléfono. Es válido durante cinco minutos.
codes-title = Códigos de respaldo
codes-new = Crear códigos nuevos
codes-new-title = ¿Crear nuevos códigos de respaldo?
codes-new-text = Los antiguos dejan de funcionar.
codes-made-title = Tus códigos de respaldo
codes-made-text = Cada código sirve una vez, para el día en que pierdas la aplicación o el teléfono. Solo se muestran esta vez.
codes-made-hint = Imprímelos o anótalos, y guárdalos lejos del teléfono.
codes-made-download = Descargar como texto
codes-made-done = Los he guardado
problem-mfa-unconfirmed = El código no es correcto o ha caducado. Espera al siguiente o empieza de nuevo.
problem-mfa-off = Aquí no se usan segundos factores.
problem-mfa-needed = Aquí es obligatorio un segundo factor. Configura otro antes de eliminar este.
problem-mfa-too-many = Tienes tantos como puede haber. Elimina uno primero.
codes-left = { $count ->
    [one] Queda { $count } código
   *[other] Quedan { $count } códigos
}

## Llaves de acceso
account-passkeys = Llaves de acceso
account-passkeys-about = Inicia sesión sin contraseña.
notice-passkey-added = Tu llave de acceso está lista. Desde ahora puedes iniciar sesión con ella.
notice-passkey-named = La llave de acceso tiene su nombre.
notice-passkey-removed = La llave de acceso se ha eliminado.
passkeys-text = Una llave de acceso está en uno de tus dispositivos e inicia sesión con tu huella, tu cara o un PIN: sin contraseña y sin nada que una página falsa pueda pedirte.
passkeys-none = Aún no tienes llaves de acceso.
passkey-add = Añadir una llave de acceso
passkey-add-text = Tu navegador pregunta dónde guardar la llave de acceso: en este dispositivo, en un teléfono o en una llave de seguridad.
passkey-synced = Para { $host }. Puede estar en varios de tus dispositivos.
passkey-single = Para { $host }. Está en un solo dispositivo.
passkey-remove-text = Ya no podrás iniciar sesión con ella. Elimínala también en tu dispositivo.
problem-passkey-refused = No se ha podido añadir la llave de acceso. Inténtalo de nuevo con un dispositivo que compruebe una huella, una cara o un PIN.
problem-passkey-exists = Esta llave de acceso ya está en tu lista.
problem-passkey-no-host = En esta dirección no se pueden usar llaves de acceso. Consulta a tu administrador.
privacy-factors = Tus segundos factores y llaves de acceso, sin sus secretos

## Leaving
account-verify = Enviar un correo para confirmarla
leave-title = Eliminar la cuenta
leave-about = Puedes eliminar tu cuenta. Todo lo que tenga la sesión iniciada con ella termina de inmediato.
leave-text = Terminan todas tus sesiones y claves de API, y ya nadie puede iniciar sesión. Un administrador puede restaurar la cuenta mientras se conserve.
leave-type = Escribe { $login } para confirmar
leave-submit = Eliminar mi cuenta
fault-not-the-same = Escribe exactamente lo que se muestra.
notice-account-deleted = Tu cuenta se ha eliminado.
problem-last-super-admin = Eres el último administrador que puede hacerlo todo. Da antes ese papel a otra persona.
