#include "operator/api/v1alpha1/endpoint_url.h"

#include <string>

#include <gtest/gtest.h>

namespace profiling::api {
namespace {

TEST(EndpointUrl, ServersAreAccepted) {
  for (const char* url :
       {"http://pyroscope.profiling.svc:4040", "https://pyroscope.example",
        "https://a.example./x/y", "http://192.0.2.1:4040/", "https://[2001:db8::1]:443/p",
        "http://127.example", "http://a1", "http://10.0.0.1", "http://169.253.1.1",
        "http://my_host", "https://localhost.example", "http://[fec0::1]", "http://a/%20~x"}) {
    EXPECT_EQ(endpointProblem(url), "") << url;
  }
}

TEST(EndpointUrl, WhatIsNoUrlOfAServerIsRefused) {
  for (const std::string& url :
       {std::string("ftp://a"), std::string("http://"), std::string("http://me:pw@a"),
        std::string("http://a?b"), std::string("http://a#b"), std::string("http://a b"),
        std::string("http://a\x01"), std::string("http://a/\x7f"), std::string("http://a/\xC2\x9B"),
        std::string("http://a/\xE2\x80\xAE"), std::string("http://a:"),
        std::string("http://a:123456"), std::string("http://a:b"), std::string("http://-a"),
        std::string("http://[::1"), std::string("http://[]"), std::string("http:///x"),
        std::string("HTTP://a")}) {
    EXPECT_FALSE(isEndpointUrl(url)) << url;
    EXPECT_NE(endpointProblem(url), "") << url;
  }
}

TEST(EndpointUrl, ThePodTheNodeAndMetadataServicesAreRefused) {
  for (const char* url : {"http://localhost:4040",
                          "http://LocalHost",
                          "http://localhost./",
                          "http://a.localhost",
                          "http://127.0.0.1",
                          "http://127.9.9.9:80/x",
                          "http://0.0.0.0",
                          "http://169.254.169.254/latest",
                          "http://2130706433",
                          "http://0x7f000001",
                          "http://0x7f.1",
                          "http://127.1",
                          "http://0177.0.0.1",
                          "http://010.0.0.1",
                          "http://100.100.100.200",
                          "http://metadata.google.internal/x",
                          "http://[::1]:4040",
                          "http://[::]",
                          "http://[0:0:0:0:0:0:0:1]",
                          "http://[fe80::1]",
                          "http://[FEBF::1]",
                          "http://[::ffff:127.0.0.1]",
                          "http://[::ffff:7f00:1]",
                          "http://[fd00:ec2::254]"}) {
    EXPECT_TRUE(isEndpointUrl(url)) << url;
    EXPECT_FALSE(isForeignHost(url)) << url;
    EXPECT_NE(endpointProblem(url), "") << url;
  }
}

}  // namespace
}  // namespace profiling::api
