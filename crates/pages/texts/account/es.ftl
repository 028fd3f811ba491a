
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
account-privacy-about = Lo que se guarda sobre ti, también para descargar.
account-last-login = Último inicio de sesión:
account-unverified = La dirección { $email } aún no está confirmada.
save = Guardar
cancel = Cancelar
notice-profile-saved = Tu perfil se ha guardado.
notice-email-asked = Hemos enviado un correo a la nueva dirección. Abre el enlace que contiene para confirmarla.
notice-password-changed = Tu contraseña se ha cambiado. Se ha cerrado tu sesión en todos los demás lugares.
notice-session-ended = La sesión se ha cerrado.
notice-session-gone = Esa sesión ya estaba cerrada.
notice-sessions-ended = Se ha cerrado tu sesión en todos los demás lugares.
notice-key-revoked = La clave se ha revocado.
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
ago-long = { $date }
date = { $day } de { $month ->
    [1] enero
    [2] febrero
    [3] marzo
    [4] abril
    [5] mayo
    [6] junio
    [7] julio
    [8] agosto
    [9] septiembre
    [10] octubre
    [11] noviembre
   *[12] diciembre
} de { $year }

## Perfil, dirección y contraseña
profile-name = Nombre
profile-company = Empresa
profile-phone = Teléfono
profile-phone-hint = En formato internacional, por ejemplo +49 30 123456.
profile-elsewhere = Esto solo se puede cambiar desde la aplicación: pide más de lo que esta página puede preguntar.
profile-email = Dirección de correo
profile-email-change = Cambiar la dirección de correo
profile-no-email = No hay ninguna.
email-title = Cambiar la dirección de correo
email-text = Enviaremos un correo a la nueva dirección. Será la tuya cuando abras el enlace que contiene; también avisaremos a la dirección actual.
email-now = Actualmente: { $email }
email-new = Nueva dirección de correo
email-submit = Enviar correo
password-change-title = Cambiar la contraseña
password-change-text = Al cambiarla se cierran todas tus demás sesiones.
password-current = Contraseña actual
password-new = Nueva contraseña
password-change-submit = Cambiar la contraseña
problem-password-wrong = La contraseña actual no es correcta.

## Sesiones
sessions-title = Dónde has iniciado sesión
sessions-text = Cierra las sesiones que no reconozcas y cambia después tu contraseña.
sessions-this = esta sesión
sessions-impersonated = Un administrador que actúa en tu nombre
sessions-unknown = Programa desconocido
sessions-from = Desde { $ip }
sessions-since = Inicio:
sessions-seen = último uso:
sessions-end = Cerrar
sessions-none = No tienes ninguna otra sesión.
sessions-others-title = ¿Cerrar sesión en todos los demás lugares?
sessions-others-text = Todas tus sesiones salvo esta se cerrarán de inmediato, en todos los dispositivos.
sessions-others-submit = Cerrar sesión en todos los demás lugares

## Claves de API
keys-text = Con una clave, un programa puede hacer lo mismo que tú. Mantén las claves en secreto y revoca las que ya no necesites.
keys-new = Nueva clave de API
keys-none = No tienes claves de API.
key-expired = caducada
key-revoked = revocada
key-rotated = sustituida
key-everything = Puede hacer todo lo que tú puedes hacer.
key-made = Creación:
key-used = último uso:
key-unused = sin usar
key-ends = caduca el
key-rotate = Sustituir
key-revoke = Revocar
key-name = Nombre
key-name-hint = ¿Para qué es? Solo tú lo ves.
key-life = Validez
key-life-days = { $count ->
    [one] { $count } día
   *[other] { $count } días
}
key-life-never = Sin caducidad
key-narrow = Limitar lo que puede hacer
key-narrow-hint = No marques nada para que pueda hacer todo lo que tú puedes hacer.
key-make = Crear clave
key-made-title = Tu nueva clave de API
key-made-text = Esta es la clave «{ $name }». Solo se muestra esta vez.
key-made-label = Clave de API
key-made-hint = Cópiala ahora en un lugar seguro. Si la pierdes, crea otra.
key-made-done = La he guardado
key-revoke-title = ¿Revocar «{ $name }»?
key-revoke-text = Los programas que la usan se rechazarán de inmediato. No se puede deshacer.
key-rotate-title = ¿Sustituir «{ $name }»?
key-rotate-text = Recibirás una nueva clave con los mismos permisos. La antigua seguirá siendo válida un día más.

## Privacidad
privacy-kept = Lo que se guarda sobre ti
privacy-since = Tu cuenta existe desde el
privacy-profile = Tu perfil: nombre, empresa, teléfono y dirección de correo
privacy-sessions = Dónde has iniciado sesión, con la dirección IP y el navegador
privacy-keys = Tus claves de API, sin su parte secreta
privacy-audit = Un registro de eventos de seguridad, como los inicios de sesión
privacy-data = Tus datos
privacy-data-text = Descarga lo que se guarda sobre tu cuenta, como documento JSON.
privacy-download = Descargar

## Dispositivos
account-devices = Dispositivos
account-devices-about = Los que has usado para iniciar sesión.
notice-device-named = El nombre del dispositivo se ha guardado.
notice-device-removed = El dispositivo se ha olvidado y sus sesiones se han cerrado.
devices-text = Los nombres te ayudan a reconocer tus dispositivos. Olvida los que ya no uses o que no sean tuyos.
devices-none = No hay dispositivos.
devices-this = este dispositivo
devices-trusted = De confianza hasta el
devices-first = Primer uso:
devices-seen = último uso:
device-name = Nombre
device-rename = Cambiar nombre
device-forget = Olvidar
device-forget-title = ¿Olvidar «{ $name }»?
device-forget-text = Sus sesiones se cerrarán de inmediato. Si alguien vuelve a usarlo para iniciar sesión, te avisaremos por correo.
privacy-devices = Los dispositivos con los que has iniciado sesión

## Segundos factores
account-factors = Verificación en dos pasos
account-factors-about = Un código además de la contraseña.
notice-factor-added = El segundo paso está configurado. Tus demás sesiones se han cerrado.
notice-factor-removed = El segundo paso se ha eliminado. Tus demás sesiones se han cerrado.
notice-factor-needed = Esa página requiere un segundo paso al iniciar sesión. Configúralo aquí y vuelve a abrir la página.
notice-sign-in-again = Vuelve a iniciar sesión: hace falta un inicio de sesión reciente, con una llave de acceso o con el segundo paso, si los tienes.
factors-text = Además de la contraseña, se te pide un código que solo tú puedes tener. Quien conozca tu contraseña no podrá entrar solo con ella.
factors-none = Aún no has configurado un segundo paso.
factor-app = Aplicación de autenticación
factor-phone = Mensajes SMS
factor-since = Configuración:
factor-remove = Eliminar
factor-remove-title = ¿Eliminar «{ $name }»?
factor-remove-text = Ya no se te pedirá. Tus demás sesiones se cerrarán.
factor-add-app = Configurar una aplicación de autenticación
factor-add-phone = Configurar mensajes SMS
factor-app-text = Necesitas una aplicación que muestre códigos, como el gestor de contraseñas de tu teléfono. La página siguiente muestra lo que hay que escanear.
factor-phone-text = Enviamos un código a tu teléfono cada vez que inicias sesión. Una aplicación es más segura y funciona sin red.
factor-phone-send = Enviar código
factor-scan = Escanea este código con la aplicación:
factor-qr = Código QR para la aplicación de autenticación
factor-type = O escribe en ella esta clave:
factor-open = Abrir en una aplicación de este dispositivo
factor-sent = Hemos enviado un código a tu teléfono. Es válido durante cinco minutos.
codes-title = Códigos de respaldo
codes-new = Crear códigos nuevos
codes-new-title = ¿Crear nuevos códigos de respaldo?
codes-new-text = Los antiguos dejarán de funcionar.
codes-made-title = Tus códigos de respaldo
codes-made-text = Cada código sirve solo una vez, para el día en que pierdas la aplicación o el teléfono. Solo se muestran esta vez.
codes-made-hint = Imprímelos o anótalos, y guárdalos lejos del teléfono.
codes-made-download = Descargar como texto
codes-made-print = Imprimir
codes-made-done = Los he guardado
problem-mfa-unconfirmed = El código no es correcto o ha caducado. Espera al siguiente o empieza de nuevo.
problem-mfa-off = Aquí no se usa la verificación en dos pasos.
problem-mfa-needed = Aquí es obligatorio un segundo factor. Configura otro antes de eliminar este.
problem-mfa-too-many = Has alcanzado el número máximo. Elimina primero un elemento.
codes-left = { $count ->
    [one] Queda { $count } código
   *[other] Quedan { $count } códigos
}

## Llaves de acceso
account-passkeys = Llaves de acceso
account-passkeys-about = Inicia sesión sin contraseña.
notice-passkey-added = Tu llave de acceso está lista. Desde ahora puedes iniciar sesión con ella.
notice-passkey-named = El nombre de la llave de acceso se ha guardado.
notice-passkey-removed = La llave de acceso se ha eliminado.
passkeys-text = Una llave de acceso se guarda en uno de tus dispositivos y te permite iniciar sesión con tu huella, tu cara o un PIN: sin contraseña y sin nada que una página falsa pueda pedirte.
passkeys-none = Aún no tienes llaves de acceso.
passkey-add = Añadir una llave de acceso
passkey-add-text = Tu navegador te preguntará dónde guardar la llave de acceso: en este dispositivo, en un teléfono o en una llave de seguridad.
passkey-synced = Para { $host }. Puede estar en varios de tus dispositivos.
passkey-single = Para { $host }. Está en un solo dispositivo.
passkey-remove-text = Ya no podrás iniciar sesión con ella. Elimínala también en tu dispositivo.
problem-passkey-refused = No se ha podido añadir la llave de acceso. Inténtalo de nuevo con un dispositivo que verifique la huella, la cara o un PIN.
problem-passkey-exists = Esta llave de acceso ya está en tu lista.
problem-passkey-no-host = En esta dirección no se pueden usar llaves de acceso. Consulta a tu administrador.
privacy-factors = Tus segundos factores y llaves de acceso, sin sus datos secretos

## Leaving
account-verify = Enviar un correo para confirmarla
leave-title = Eliminar la cuenta
leave-about = Puedes eliminar tu cuenta. Se cerrarán de inmediato todas las sesiones iniciadas con ella.
leave-text = Todas tus sesiones y claves de API dejarán de funcionar y ya nadie podrá iniciar sesión. Un administrador puede restaurar la cuenta mientras se conserve.
leave-type = Escribe { $login } para confirmar
leave-submit = Eliminar mi cuenta
fault-not-the-same = Escribe exactamente lo que se muestra.
notice-account-deleted = Tu cuenta se ha eliminado.
problem-last-super-admin = Eres el último administrador que puede hacerlo todo. Asigna antes ese rol a otra persona.
