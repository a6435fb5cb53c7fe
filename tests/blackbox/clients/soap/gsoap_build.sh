#!/bin/sh
# Builds gsoap_client from a WSDL (file or URL) in a directory of its own.
# usage: gsoap_build.sh WSDL DIRECTORY
set -eu
source=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$2"
cd "$2"
wsdl2h -c -o gateway.h "$1" >wsdl2h.log 2>&1 || { cat wsdl2h.log >&2; exit 1; }
soapcpp2 -C -c -L -w -x gateway.h >soapcpp2.log 2>&1 || { cat soapcpp2.log >&2; exit 1; }
cc -O0 -I. -o gsoap_client "$source/gsoap_client.c" soapC.c soapClient.c -lgsoap
